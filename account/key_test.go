package account

import (
	"strings"
	"testing"
	"time"
)

const webKey = "kurir_web"

func keyed(t *testing.T, admin bool, k Key) *Account {
	t.Helper()
	k.Name, k.Account, k.Key = "acme:web", "acme", webKey
	k.Validate(func(field, problem string) { t.Errorf("%s %s", field, problem) })
	d := NewDirectory([]Account{{Name: "acme", Admin: admin, APIKeys: nil}}, nil)
	d.AddKeys([]Key{k}, nil)
	return d.ByAPIKey(webKey)
}

// A key has the scopes that it names, those of the words for many, and all of them when it names none.
func TestKeyScopes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		scopes      string
		may, mayNot []Scope
	}{
		{"", Scopes(), nil},
		{"*", Scopes(), nil},
		{"*:read", []Scope{MessagesRead, AdminRead}, []Scope{MessagesWrite, AdminWrite}},
		{"messages:write", []Scope{MessagesWrite}, []Scope{MessagesRead, LinksWrite, AdminWrite}}, // to write is not to read
		{"messages:write *:read", []Scope{MessagesWrite, LinksRead}, []Scope{LinksWrite}},
	} {
		k := keyed(t, false, Key{Scopes: strings.Fields(test.scopes)}).Key()
		for _, s := range test.may {
			if !k.May(s) {
				t.Errorf("%q may not %s", test.scopes, s)
			}
		}
		for _, s := range test.mayNot {
			if k.May(s) {
				t.Errorf("%q may %s", test.scopes, s)
			}
		}
	}
}

// What is other accounts' takes a scope of its own, also of an administrator's key.
func TestKeyOfAdmin(t *testing.T) {
	t.Parallel()
	for scopes, want := range map[string][2]bool{
		"messages:read messages:write":             {false, false},
		"messages:read admin:read":                 {true, false},
		"messages:read messages:write admin:write": {false, true},
		"": {true, true},
	} {
		a := keyed(t, true, Key{Scopes: strings.Fields(scopes)})
		if got := [2]bool{a.Key().As(a, MessagesRead).Admin, a.Key().As(a, MessagesWrite).Admin}; got != want {
			t.Errorf("%q reads and writes others' %v, want %v", scopes, got, want)
		}
	}
	if a := keyed(t, false, Key{}); a.Key().As(a, MessagesRead).Admin {
		t.Error("a key makes an administrator")
	}
}

// Nobody comes by a key that may more than his own.
func TestKeyExceeds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		own, other Key
		want       string
	}{
		{"all of it", Key{}, Key{Scopes: []string{"config:write"}}, ""},
		{"a part", Key{Scopes: []string{"keys:write", "messages:read"}}, Key{Scopes: []string{"messages:read"}}, ""},
		{"another", Key{Scopes: []string{"keys:write", "messages:read"}}, Key{Scopes: []string{"messages:write"}}, "scopes"},
		{"nothing named is everything", Key{Scopes: []string{"keys:write"}}, Key{}, "scopes"},
		{"all that read", Key{Scopes: []string{"keys:write", "messages:read"}}, Key{Scopes: []string{"*:read"}}, "scopes"},
		{"of all that read", Key{Scopes: []string{"*:read"}}, Key{Scopes: []string{"*:read", "inbound:read"}}, ""},
		{"from anywhere", Key{Addresses: []string{"192.0.2.0/24"}}, Key{}, "addresses"},
		{"from within", Key{Addresses: []string{"192.0.2.0/24"}}, Key{Addresses: []string{"192.0.2.128/25", "192.0.2.1"}}, ""},
		{"from around", Key{Addresses: []string{"192.0.2.0/24"}}, Key{Addresses: []string{"192.0.2.1", "192.0.0.0/16"}}, "addresses"},
		{"for ever", Key{Expires: "2027-01-31"}, Key{}, "expires"},
		{"as long", Key{Expires: "2027-01-31"}, Key{Expires: "2027-02-01T00:00:00Z"}, ""},
		{"longer", Key{Expires: "2027-01-31"}, Key{Expires: "2027-02-01"}, "expires"},
	} {
		k := keyed(t, false, test.own).Key()
		if got, problem := k.Exceeds(&test.other); got != test.want {
			t.Errorf("%s: %q %s, want %q", test.name, got, problem, test.want)
		}
	}
	own := keyed(t, false, Key{Scopes: []string{"keys:write"}, Addresses: []string{"192.0.2.1"}, Expires: "2027-01-31"}).Key()
	made := Key{Scopes: []string{"keys:write"}}
	own.Bequeath(&made)
	if field, problem := own.Exceeds(&made); field != "" {
		t.Errorf("with the limits of the key that makes it: %s %s", field, problem)
	}
}

// The key before is taken until its time is over, and neither longer than the key itself nor as a way to it.
func TestKeyPrevious(t *testing.T) {
	t.Parallel()
	d := NewDirectory([]Account{{Name: "acme"}}, nil)
	d.AddKeys([]Key{{Name: "web", Account: "acme", Key: "new", Previous: "old", PreviousExpires: "2027-01-31"}}, nil)
	before, after := time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	now, old := d.ByAPIKey("new").Key(), d.ByAPIKey("old").Key()
	if now.Expired(after) || old.Expired(before) || !old.Expired(after) {
		t.Errorf("expired: %v %v %v", now.Expired(after), old.Expired(before), old.Expired(after))
	}
	if field, _ := old.Exceeds(now); field != "expires" {
		t.Errorf("the key before comes by the new one: %q", field)
	}
	if field, problem := now.Exceeds(now); field != "" {
		t.Errorf("the key exceeds itself: %s %s", field, problem)
	}
	old.Use(before)
	if d.KeyByName("web").Used().IsZero() {
		t.Error("the use of the key before is not seen")
	}
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	day := keyed(t, false, Key{Expires: "2027-01-31"}).Key()
	at := keyed(t, false, Key{Expires: "2027-01-31T12:00:00+01:00"}).Key()
	never := keyed(t, false, Key{}).Key()
	for _, test := range []struct {
		now             string
		day, at, always bool
	}{
		{"2027-01-31T10:59:59Z", false, false, false},
		{"2027-01-31T11:00:00Z", false, true, false},
		{"2027-01-31T23:59:59Z", false, true, false},
		{"2027-02-01T00:00:00Z", true, true, false},
	} {
		now, _ := time.Parse(time.RFC3339, test.now)
		if day.Expired(now) != test.day || at.Expired(now) != test.at || never.Expired(now) {
			t.Errorf("%s: %v %v %v", test.now, day.Expired(now), at.Expired(now), never.Expired(now))
		}
	}
}

// When a key was used is known after a reload too; another account's of the same name is another key.
func TestKeyUsed(t *testing.T) {
	t.Parallel()
	accounts := []Account{{Name: "acme"}, {Name: "other"}}
	key := func(of string) []Key { return []Key{{Name: "web", Account: of, Key: webKey}} }
	before := NewDirectory(accounts, nil)
	before.AddKeys(key("acme"), nil)
	now := time.Unix(1_900_000_000, 0)
	before.ByAPIKey(webKey).Key().Use(now)
	for of, want := range map[string]time.Time{"acme": now, "other": {}} {
		after := NewDirectory(accounts, before)
		after.AddKeys(key(of), before)
		if got := after.KeyByName("web").Used(); !got.Equal(want) {
			t.Errorf("%s: used %s, want %s", of, got, want)
		}
	}
}

func TestKeyValidate(t *testing.T) {
	t.Parallel()
	good := Key{Name: "acme:web", Account: "acme", Key: "secret-key", Scopes: []string{"*:read", "messages:write"}, Expires: "2027-01-31"}
	for field, spoil := range map[string]func(*Key){
		"":             func(*Key) {},
		"name":         func(k *Key) { k.Name = "other:web" },
		"account":      func(k *Key) { k.Account, k.Name = "", "web" },
		"key":          func(k *Key) { k.Key = "sha256:12" },
		"scopes[1]":    func(k *Key) { k.Scopes = []string{"*", "messages:send"} },
		"addresses[0]": func(k *Key) { k.Addresses = []string{"nowhere"} },
		"expires":      func(k *Key) { k.Expires = "soon" },
		"note":         func(k *Key) { k.Note = strings.Repeat("x", 201) },
	} {
		k := good
		spoil(&k)
		var got []string
		k.Validate(func(field, problem string) {
			got = append(got, field)
			if strings.Contains(problem, "secret-key") {
				t.Errorf("a secret: %s", problem)
			}
		})
		if strings.Join(got, " ") != field {
			t.Errorf("%q: wrong are %q", field, got)
		}
	}
}

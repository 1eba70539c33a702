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

// Nobody makes a key that may more than his own.
func TestKeyComprises(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		own, wanted string
		want        bool
	}{
		{"", "", true},
		{"", "config:write", true},
		{"keys:write messages:read", "messages:read", true},
		{"keys:write messages:read", "messages:write", false},
		{"keys:write messages:read", "", false}, // nothing named is everything
		{"keys:write messages:read", "*:read", false},
		{"keys:write *:read", "*:read inbound:read", true},
		{"*", "", true},
	} {
		k := keyed(t, false, Key{Scopes: strings.Fields(test.own)}).Key()
		if got := k.Comprises(strings.Fields(test.wanted)); got != test.want {
			t.Errorf("%q comprises %q: %v", test.own, test.wanted, got)
		}
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

package account

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	accounts := []Account{
		{Name: "acme", Password: "secret", UCP: Login{Addresses: []string{"192.0.2.0/24", "2001:db8::/32"}}},
		{Name: "own", Password: "web", UCP: Login{Name: "8888", Password: "pass2", Window: 7, Sessions: 3, Zone: "Europe/Stockholm"}, CIMD2: Login{Name: "box"}},
	}
	d := NewDirectory(accounts, nil)
	v := NewVerifier()
	for _, test := range []struct {
		by             Protocol
		name, password string
		want           string
	}{
		{UCP, "acme", "secret", "acme"},
		{UCP, "8888", "pass2", "own"},
		{UCP, "8888", "web", ""},
		{UCP, "own", "web", ""},
		{CIMD2, "box", "web", "own"},
		{CIMD2, "8888", "pass2", ""},
		{CIMD2, "acme", "", ""},
		{protocols, "acme", "secret", ""},
	} {
		a, err := v.AuthenticateLogin(t.Context(), d, test.by, test.name, test.password)
		if (err == nil) != (test.want != "") || err == nil && a.Name != test.want {
			t.Errorf("%+v: %v, %v", test, a, err)
		}
	}
	for from, want := range map[string]string{"192.0.2.9": "acme", "2001:db8::9": "acme", "198.51.100.1": ""} {
		if a := d.ByPeer(UCP, netip.MustParseAddr(from)); (a != nil) != (want != "") || a != nil && a.Name != want {
			t.Errorf("%s: %v", from, a)
		}
	}
	if d.ByPeer(CIMD2, netip.MustParseAddr("192.0.2.9")) != nil || d.ByPeer(UCP, netip.Addr{}) != nil {
		t.Error("somebody is known who is not")
	}
	acme, own := d.ByName("acme"), d.ByName("own")
	if own.UCP.MaxWindow(UCP) != 7 || acme.UCP.MaxWindow(UCP) != 100 || acme.CIMD2.MaxWindow(CIMD2) != 128 || own.UCP.MaxSessions() != 3 || acme.UCP.MaxSessions() != DefaultSessions {
		t.Error("windows or sessions are wrong")
	}
	if own.UCP.Location().String() != "Europe/Stockholm" || acme.UCP.Location() != time.UTC {
		t.Error("zones are wrong")
	}
}

func TestValidateLogins(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ucp, cimd2 Login
		want       string // fields
	}{
		{Login{Name: "8888", Window: 100, Sessions: 10, Alphabet: "german", Zone: "Asia/Tokyo", Addresses: []string{"192.0.2.1"}}, Login{Name: "box", Window: 128}, ""},
		{Login{Name: "acme"}, Login{}, "ucp.name"},
		{Login{Name: strings.Repeat("1", 17)}, Login{Name: strings.Repeat("x", 33)}, "ucp.name cimd2.name"},
		{Login{Window: 101, Sessions: -1}, Login{Window: 129}, "ucp.window ucp.sessions cimd2.window"},
		{Login{Zone: "Local", Alphabet: "klingon"}, Login{Zone: "Mars", Alphabet: "german"}, "ucp.zone ucp.alphabet cimd2.zone cimd2.alphabet"},
		{Login{Addresses: []string{"192.0.2.1", "x"}}, Login{Addresses: []string{"192.0.2.1"}}, "ucp.addresses[1] cimd2.addresses"},
	} {
		a := Account{UCP: test.ucp, CIMD2: test.cimd2}
		var fields []string
		a.ValidateLogins([]string{"gsm", "german"}, func(field, problem string) {
			if fields = append(fields, field); problem == "" {
				t.Errorf("%s without a word", field)
			}
		})
		if got := strings.Join(fields, " "); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

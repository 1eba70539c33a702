package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

func TestMaySend(t *testing.T) {
	t.Parallel()
	number := func(s string) message.Address {
		return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: s}
	}
	name := func(s string) message.Address { return message.Address{TON: message.TONAlphanumeric, Number: s} }
	tests := []struct {
		what    string
		account Account
		sender  message.Address
		want    bool
	}{
		{"nothing permitted", Account{}, name("ACME"), false},
		{"default sender", Account{Sender: "ACME"}, name("ACME"), true},
		{"default number with plus", Account{Sender: "+46701234567"}, number("46701234567"), true},
		{"only the default sender", Account{Sender: "ACME"}, name("OTHER"), false},
		{"default sender beside others", Account{Sender: "ACME", Senders: []string{"OTHER"}}, name("ACME"), true},
		{"any", Account{Senders: []string{"*"}}, name("ACME"), true},
		{"exact", Account{Senders: []string{"ACME"}}, name("ACME"), true},
		{"exact is no prefix", Account{Senders: []string{"ACME"}}, name("ACME2"), false},
		{"prefix", Account{Senders: []string{"4670*"}}, number("46701234567"), true},
		{"prefix with plus", Account{Senders: []string{"+4670*"}}, number("46701234567"), true},
		{"other prefix", Account{Senders: []string{"4673*"}}, number("46701234567"), false},
		{"plus means numbers, not names", Account{Senders: []string{"+*"}}, name("ACME"), false},
		{"plus means numbers", Account{Senders: []string{"+*"}}, number("46701234567"), true},
		{"plus and digits mean numbers", Account{Senders: []string{"+46*"}}, name("46Bank"), false},
		{"case counts", Account{Senders: []string{"acme"}}, name("ACME"), false},
	}
	for _, test := range tests {
		if got := test.account.MaySend(test.sender); got != test.want {
			t.Errorf("%s: got %v", test.what, got)
		}
	}
}

func TestMayComeFrom(t *testing.T) {
	t.Parallel()
	set := NewDirectory([]Account{
		{Name: "open"},
		{Name: "closed", Addresses: []string{"192.0.2.0/24", "2001:db8::/32", "198.51.100.7"}},
	}, nil)
	tests := []struct {
		account, from string
		want          bool
	}{
		{"open", "203.0.113.1", true},
		{"closed", "192.0.2.77", true},
		{"closed", "::ffff:192.0.2.77", true},
		{"closed", "192.0.3.1", false},
		{"closed", "2001:db8::5", true},
		{"closed", "2001:db9::5", false},
		{"closed", "198.51.100.7", true},
		{"closed", "198.51.100.8", false},
	}
	for _, test := range tests {
		if got := set.ByName(test.account).MayComeFrom(netip.MustParseAddr(test.from)); got != test.want {
			t.Errorf("%s from %s: got %v", test.account, test.from, got)
		}
	}
}

func TestSetLookups(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("hashed-key"))
	set := NewDirectory([]Account{
		{Name: "a", Password: "pa", APIKeys: []message.Secret{"key-a", "key-a2"}, Numbers: []string{"+46737494949"}},
		{Name: "b", Password: "pb", APIKeys: []message.Secret{message.Secret("sha256:" + hex.EncodeToString(digest[:]))}, SMPP: SMPP{SystemID: "bee"}},
	}, nil)
	name := func(a *Account) string {
		if a == nil {
			return ""
		}
		return a.Name
	}
	tests := []struct{ what, got, want string }{
		{"name", name(set.ByName("a")), "a"},
		{"no such name", name(set.ByName("c")), ""},
		{"key", name(set.ByAPIKey("key-a2")), "a"},
		{"hashed key", name(set.ByAPIKey("hashed-key")), "b"},
		{"the hash is no key", name(set.ByAPIKey("sha256:" + hex.EncodeToString(digest[:]))), ""},
		{"no key", name(set.ByAPIKey("")), ""},
		{"system_id is the name", name(set.BySystemID("a")), "a"},
		{"system_id of its own", name(set.BySystemID("bee")), "b"},
		{"then not by name", name(set.BySystemID("b")), ""},
		{"number", name(set.ByNumber("46737494949")), "a"},
		{"nil set", name((*Directory)(nil).ByName("a")), ""},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.what, test.got, test.want)
		}
	}
}

// The hash is a vector of the argon2 reference implementation (its test.c): password "password", salt "somesalt".
const referenceHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	set := NewDirectory([]Account{
		{Name: "plain", Password: "secret", SMPP: SMPP{SystemID: "esme", Password: "bindpw"}},
		{Name: "hashed", Password: referenceHash},
		{Name: "keyonly", APIKeys: []message.Secret{"k"}},
	}, nil)
	v := NewVerifier()
	tests := []struct {
		what, name, password string
		smpp, want           bool
	}{
		{what: "plain", name: "plain", password: "secret", want: true},
		{what: "wrong", name: "plain", password: "Secret"},
		{what: "empty", name: "plain", password: ""},
		{what: "unknown", name: "nobody", password: "secret"},
		{what: "hashed", name: "hashed", password: "password", want: true},
		{what: "hashed, remembered", name: "hashed", password: "password", want: true},
		{what: "hashed, wrong", name: "hashed", password: "Password"},
		{what: "the hash itself", name: "hashed", password: referenceHash},
		{what: "no password in the file", name: "keyonly", password: ""},
		{what: "smpp", name: "esme", password: "bindpw", smpp: true, want: true},
		{what: "smpp with the other password", name: "esme", password: "secret", smpp: true},
		{what: "smpp by name and password", name: "hashed", password: "password", smpp: true, want: true},
	}
	for _, test := range tests {
		authenticate := v.Authenticate
		if test.smpp {
			authenticate = v.AuthenticateSMPP
		}
		a, err := authenticate(t.Context(), set, test.name, test.password)
		if test.want != (err == nil) || (err != nil && !errors.Is(err, ErrCredentials)) || test.want != (a != nil) {
			t.Errorf("%s: got %v, %v", test.what, a, err)
		}
	}
	if len(v.remembered) != 1 {
		t.Errorf("%d passwords remembered, want only the verified one", len(v.remembered))
	}
}

// A password that is already verified costs no hashing, also while every place to hash is taken.
func TestVerifierRemembersAndBounds(t *testing.T) {
	t.Parallel()
	set := NewDirectory([]Account{{Name: "hashed", Password: referenceHash}}, nil)
	v := NewVerifier()
	if _, err := v.Authenticate(t.Context(), set, "hashed", "password"); err != nil {
		t.Fatal(err)
	}
	for range hashings {
		v.hashing <- struct{}{}
	}
	if _, err := v.Authenticate(t.Context(), set, "hashed", "password"); err != nil {
		t.Errorf("verified password: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Authenticate(ctx, set, "hashed", "guess"); !errors.Is(err, context.Canceled) {
		t.Errorf("a third hashing at a time: %v", err)
	}
	// Neither time nor a full house tells that there is no such name.
	if _, err := v.Authenticate(ctx, set, "nobody", "guess"); !errors.Is(err, context.Canceled) {
		t.Errorf("unknown name while every place is taken: %v", err)
	}
	if _, err := v.AuthenticateSMPP(ctx, set, "nobody", "guess"); !errors.Is(err, context.Canceled) {
		t.Errorf("unknown system_id while every place is taken: %v", err)
	}
	// The hash changes with a reload: what was remembered for the old one is worth nothing.
	changed := NewDirectory([]Account{{Name: "hashed", Password: message.Secret(strings.Replace(referenceHash, "t=2", "t=3", 1))}}, set)
	if _, err := v.Authenticate(ctx, changed, "hashed", "password"); err == nil {
		t.Error("password of the old hash accepted")
	}
	for i := range maxRemembered + 5 {
		v.remember(v.mark("hash", string(rune(i))))
	}
	if len(v.remembered) > maxRemembered {
		t.Errorf("%d passwords remembered", len(v.remembered))
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	set := NewDirectory([]Account{{Name: "a", Rate: 10}, {Name: "free"}}, nil)
	a := set.ByName("a")
	steps := []struct {
		what  string
		parts int
		at    time.Duration
		want  bool
	}{
		{"a second's worth at once", 10, 0, true},
		{"no more", 1, 0, false},
		{"one after a tenth of a second", 1, 100 * time.Millisecond, true},
		{"only one", 1, 100 * time.Millisecond, false},
		{"the clock goes back", 1, 0, false},
		{"does not save up more than a second's worth", 11, time.Hour, true},
		{"and owes the rest", 1, time.Hour + 100*time.Millisecond, false},
		{"until it is paid", 1, time.Hour + 200*time.Millisecond, true},
	}
	for _, step := range steps {
		if got := a.Take(step.parts, start.Add(step.at)); got != step.want {
			t.Errorf("%s: got %v", step.what, got)
		}
	}
	if !set.ByName("free").Take(1_000_000, start) {
		t.Error("an account without a rate is limited")
	}

	after := NewDirectory([]Account{{Name: "a", Rate: 10}}, set).ByName("a")
	if after.Take(1, start.Add(time.Hour+200*time.Millisecond)) {
		t.Error("a reload gives a new allowance")
	}
}

func TestTakeConcurrently(t *testing.T) {
	t.Parallel()
	a := NewDirectory([]Account{{Name: "a", Rate: 100}}, nil).ByName("a")
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	taken := make([]int, 8)
	for i := range taken {
		wg.Go(func() {
			for range 50 {
				if a.Take(1, now) {
					taken[i]++
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range taken {
		sum += n
	}
	if sum != 100 {
		t.Errorf("%d taken of 100", sum)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what    string
		account Account
		want    []string // fields
	}{
		{"good", Account{Name: "acme", Password: "x", Senders: []string{"*", "4670*", "ACME"}, Addresses: []string{"10.0.0.0/8", "::1"}, Country: "46", Webhook: "https://example.com/x?d=%d", Priority: "high"}, nil},
		{"hash", Account{Name: "acme", Password: referenceHash}, nil},
		{"empty", Account{}, []string{"name", "password"}},
		{"name", Account{Name: "a b", Password: "x"}, []string{"name"}},
		{"bad hash", Account{Name: "a", Password: "$argon2id$v=19$m=1"}, []string{"password"}},
		{"huge hash", Account{Name: "a", Password: "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}, []string{"password"}},
		{"other hash", Account{Name: "a", Password: "$argon2i$v=19$m=65536,t=2,p=1$x$y"}, []string{"password"}},
		{"key", Account{Name: "a", APIKeys: []message.Secret{"", "sha256:12", "ok"}}, []string{"api_keys[0]", "api_keys[1]"}},
		{"senders", Account{Name: "a", Password: "x", Senders: []string{"", "4*6"}}, []string{"senders[0]", "senders[1]"}},
		{"addresses", Account{Name: "a", Password: "x", Addresses: []string{"10.0.0.0/33", "host"}}, []string{"addresses[0]", "addresses[1]"}},
		{"alerts to transmitters", Account{Name: "a", Password: "x", SMPP: SMPP{Alerts: true, Binds: []string{"transmitter"}}}, []string{"smpp.alerts"}},
		{"alerts at 3.3", Account{Name: "a", Password: "x", SMPP: SMPP{Alerts: true, Versions: []string{"3.3"}}}, []string{"smpp.alerts"}},
		{"alerts", Account{Name: "a", Password: "x", SMPP: SMPP{Alerts: true, Binds: []string{"receiver"}, Versions: []string{"3.3", "3.4"}}}, nil},
		{"window", Account{Name: "a", Password: "x", SMPP: SMPP{Window: 5001}}, []string{"smpp.window"}},
		{"limits", Account{Name: "a", Password: "x", Rate: -1, MaxParts: 256, Validity: -1, SMPP: SMPP{Sessions: -1, Window: -1, SystemID: "sixteen-letters!"}}, []string{"smpp.system_id", "rate", "smpp.sessions", "smpp.window", "validity", "max_parts"}},
		{"data_sm for 3.3 only", Account{Name: "a", Password: "x", SMPP: SMPP{Receipts: "data_sm", Versions: []string{"3.3"}}}, []string{"smpp.receipts"}},
		{"data_sm for 3.4", Account{Name: "a", Password: "x", SMPP: SMPP{Receipts: "data_sm", Versions: []string{"3.3", "3.4"}}}, nil},
		{"long name", Account{Name: strings.Repeat("a", 65), Password: "x"}, []string{"name"}},
		{"controls", Account{Name: "a\x00b", Password: "x", SMPP: SMPP{SystemID: "a\nb"}}, []string{"name", "smpp.system_id"}},
		{"no host", Account{Name: "a", Password: "x", Webhook: "http://", DLRURL: "https://:80/x?%d"}, []string{"webhook", "dlr_url"}},
		{"secret", Account{Name: "a", Password: "x", WebhookSecret: "whsec_not base64"}, []string{"webhook_secret"}},
		{"empty secret", Account{Name: "a", Password: "x", WebhookSecret: "whsec_"}, []string{"webhook_secret"}},
		{"previous secret", Account{Name: "a", Password: "x", WebhookSecret: "b", WebhookSecretPrevious: "whsec_?", WebhookSecretPreviousExpires: "soon"}, []string{"webhook_secret_previous", "webhook_secret_previous_expires"}},
		{"only a previous secret", Account{Name: "a", Password: "x", WebhookSecretPrevious: "b"}, []string{"webhook_secret_previous"}},
		{"good secret", Account{Name: "a", Password: "x", WebhookSecret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, nil},
		{"words of opt-out", Account{Name: "a", Password: "x", OptOut: &OptOut{Stop: []string{"avsluta", "0", "!!", ""}}}, []string{"opt_out.stop[2]", "opt_out.stop[3]"}},
		{"rest", Account{Name: "a", Password: "x", Country: "0046", Numbers: []string{"x"}, Webhook: "ftp://x", DLRURL: "nothing", Priority: "top"}, []string{"numbers[0]", "country", "webhook", "dlr_url", "priority"}},
	}
	for _, test := range tests {
		var got []string
		test.account.Validate(func(field, _ string) { got = append(got, field) })
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.what, diff)
		}
	}
}

// TestSecretTexts: texts are secret by their senders, their words, or all of them.
func TestSecretTexts(t *testing.T) {
	t.Parallel()
	name := func(text string) message.Address { return message.Address{TON: message.TONAlphanumeric, Number: text} }
	number := message.Address{TON: message.TONInternational, Number: "46701234567"}
	some := (&SecretTexts{Senders: []string{"BANK", "+4670*"}, Patterns: []string{`(?i)\bcode:? \d`}}).Rules()
	for _, tt := range []struct {
		rules *SecretRules
		from  message.Address
		text  string
		want  bool
	}{
		{some, name("BANK"), "hello", true},
		{some, name("BANK2"), "hello", false},
		{some, number, "hello", true},
		{some, name("ACME"), "Your Code: 123", true},
		{some, name("ACME"), "no code", false},
		{(&SecretTexts{All: true}).Rules(), name("ACME"), "", true},
		{(&SecretTexts{}).Rules(), name("BANK"), "code 1", false},
	} {
		if got := tt.rules.Hold(tt.from, tt.text); got != tt.want {
			t.Errorf("%q from %s is secret: %t", tt.text, tt.from, got)
		}
	}
}

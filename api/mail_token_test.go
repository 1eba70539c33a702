package api

import (
	"strings"
	"testing"

	"kurir/message"
)

// TestMailTokens: an address is read by the key that made it, whatever the case, and nothing near it.
func TestMailTokens(t *testing.T) {
	t.Parallel()
	tokens := &MailTokens{Key: []byte("0123456789abcdef"), Domain: "sms.example.se"}
	other := &MailTokens{Key: []byte("0123456789abcdeF"), Domain: "sms.example.se"}
	id := message.ID(123456789012345678)
	address := tokens.Address(id)
	if !message.IsMailbox(address) || len(strings.Split(address, "@")[0]) > 64 { // RFC 5321 4.5.3.1.1
		t.Errorf("%q is no good address", address)
	}
	for _, written := range []string{address, strings.ToUpper(address)} {
		if got, ok := tokens.Read(written); got != id || !ok {
			t.Errorf("%s reads as %s, %v", written, got, ok)
		}
	}
	last := address[strings.Index(address, "@")-1:]
	changed := "b"
	if last[0] == 'b' {
		changed = "a"
	}
	for _, bad := range []string{
		"", "@", "sms+@sms.example.se", "sms+x-y@sms.example.se", strings.Replace(address, "sms.", "sma.", 1), strings.TrimPrefix(address, "sms+"),
		strings.Replace(address, last, changed+last[1:], 1), other.Address(id), tokens.Address(id + 1)[:17] + address[17:],
		dotted(tokens), strings.Replace(address, "@", "a@", 1), address + "@x", strings.Replace(address, "-", "", 1), "sms+" + id.String() + "-@sms.example.se",
	} {
		if got, ok := tokens.Read(bad); ok {
			t.Errorf("%q reads as %s", bad, got)
		}
	}
	for _, none := range []*MailTokens{nil, {Key: tokens.Key}, {Domain: "sms.example.se"}} {
		if _, ok := none.Read(address); ok || none.Address(id) != "" {
			t.Errorf("%+v makes %q", none, none.Address(id))
		}
	}
}

// dotted is an address with a letter in place of an i that becomes one in lower case, though it is no other case of it.
func dotted(tokens *MailTokens) string {
	for id := message.ID(1); ; id++ {
		if local, domain, _ := strings.Cut(tokens.Address(id), "@"); strings.Contains(local, "i") {
			return strings.Replace(local, "i", "\u0130", 1) + "@" + domain
		}
	}
}

// FuzzMailTokens: nothing panics, and what is read was made.
func FuzzMailTokens(f *testing.F) {
	tokens := &MailTokens{Key: []byte("0123456789abcdef"), Domain: "sms.example.se"}
	f.Add(tokens.Address(1))
	f.Add(dotted(tokens))
	f.Add("sms+0000000000001-aaaaaaaaaaaaaaaa@sms.example.se")
	f.Fuzz(func(t *testing.T, address string) {
		if id, ok := tokens.Read(address); ok && !strings.EqualFold(tokens.Address(id), address) {
			t.Errorf("%q reads as %s, whose address is %q", address, id, tokens.Address(id))
		}
	})
}

package gateway

import (
	"testing"

	"kurir/message"
)

// What may be a secret in an address is not shown.
func TestCalledAt(t *testing.T) {
	t.Parallel()
	service := Service{PostXML: "http://u:p@h/in?text=%a"}
	for _, c := range []struct {
		target message.Target
		want   string
	}{
		{message.Target{Kind: message.WebhookTarget, Address: "https://h/a/b?token=1#x"}, "https://h/a/b"},
		{message.Target{Kind: message.WebhookTarget, Address: "https://user:pass@h:8443?token=1"}, "https://h:8443"},
		{message.Target{Kind: message.WebhookTarget, Address: "https://u:p/w@h/a@b"}, "https://u:p/w@h/a@b"}, // u is the host
		{message.Target{Kind: message.KannelTarget, Address: "http://h/%d/dlr?id=%i"}, "http://h/%d/dlr"},
		{message.Target{Kind: message.ServiceTarget, Address: service.address()}, "http://h/in"},
		{message.Target{Kind: message.ReplyTarget, Address: "Thank you"}, ""},
		{message.Target{Kind: message.SMPPTarget}, ""},
	} {
		if got := CalledAt(c.target); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.target.Kind, c.target.Address, got, c.want)
		}
	}
}

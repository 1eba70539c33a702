package message_test

import (
	"testing"

	"kurir/message"
)

// What is owed to customers may be pushed anew; of that, what is called over HTTP is shown with its calls, and nobody calls a
// session or a mailbox.
func TestTargetKinds(t *testing.T) {
	t.Parallel()
	uncalled := map[message.TargetKind]bool{message.SMPPTarget: true, message.MailboxTarget: true}
	inside := map[message.TargetKind]bool{message.ReplyTarget: true, message.ForwardTarget: true, message.CommandTarget: true}
	names := map[string]bool{}
	for _, k := range message.TargetKinds() {
		if k.Customer() == inside[k] || k.Called() == (inside[k] || uncalled[k]) {
			t.Errorf("%s: customer %v, called %v", k, k.Customer(), k.Called())
		}
		if k.String() == "unknown" || names[k.String()] {
			t.Errorf("%d is called %s", k, k)
		}
		names[k.String()] = true
	}
}

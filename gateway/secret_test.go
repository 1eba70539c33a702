package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
)

// TestReplacedBySecret: a message is secret from the moment at which a secret text takes the place of its own, by a rule or by
// the customer's word, stays so whatever comes after, and has no text on disk once it is final.
func TestReplacedBySecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Secret = (&account.SecretTexts{Patterns: []string{`code \d`}}).Rules()
		w := start(t, dir, Options{Snapshot: s}, nil)
		replace := func(id message.ID, text string, secret bool) {
			t.Helper()
			if _, err := w.ReplaceMessage(t.Context(), id, &Replacement{Account: w.acme, Secret: secret, Content: &message.Content{Text: text, Class: -1}}); err != nil {
				t.Fatal(err)
			}
		}
		byRule, byWord, plain := w.submit(w.untold("46100001", "hello"))[0], w.submit(w.untold("46100001", "hello"))[0], w.submit(w.untold("46100001", "hello"))[0]
		replace(byRule, "code 4711", false)
		replace(byRule, "changed", false)
		replace(byWord, "changed", true)
		replace(plain, "changed", false)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		time.Sleep(time.Second)
		synctest.Wait()
		for _, o := range op.take() {
			if o.Message.Content.Text != "changed" {
				t.Errorf("the phone gets %q", o.Message.Content.Text)
			}
			op.fail(1, o, message.Refused)
		}
		synctest.Wait()
		for id, secret := range map[message.ID]bool{byRule: true, byWord: true, plain: false} {
			if m := w.onDisk(id); m.State != message.Rejected || m.Secret() != secret || (m.Content.Text == "") != secret {
				t.Errorf("secret %t: %s with the text %q, secret %t", secret, m.State, m.Content.Text, m.Secret())
			}
		}
	})
}

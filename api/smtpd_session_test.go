package api

import "testing"

// TestMailAuthorNoAddress: an author whose address is no text is refused when he is named; his mail could not be answered.
func TestMailAuthorNoAddress(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	c := b.signedIn("acme")
	c.say("553 5.1.7", "MAIL FROM:<\xff\xfe@example.se>")
	c.envelope("anna@example.se", "0701234567@sms.example.se")
	c.data("250", mailHello)
}

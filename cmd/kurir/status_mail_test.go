package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestStatusMail prints how mail is, each way where it is configured.
func TestStatusMail(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{}`: "",
		`{"mail":{"to_phones":{"listening":true,"connections":2,"accepted":10,"later":1,"refused":3,"messages":12}}}`: "mails to phones: taken, connections: 2; since the start accepted 10 (messages: 12), put off 1, refused 3\n",
		`{"mail":{"to_phones":{},"to_people":{"waiting":1,"sent":5,"later":2,"refused":0}}}`: "mails to phones: not taken, connections: 0; since the start accepted 0 (messages: 0), put off 0, refused 0\n" +
			"mails to people: waiting 1; since the start sent 5, tried again 2, refused 0\n",
	} {
		var out bytes.Buffer
		s := &shownStatus{}
		if err := json.Unmarshal([]byte(answer), s); err != nil {
			t.Fatal(err)
		}
		if s.printMail(&out); out.String() != want {
			t.Errorf("%s prints\n%s", answer, out.String())
		}
	}
}

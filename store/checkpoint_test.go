package store

import (
	"testing"

	"kurir/message"
)

// TestLogIsBegunAgain commits without a pause until some checkpoints were made.
// Every page of the database went through the log; had the log never been begun
// again, it would be longer than the database.
func TestLogIsBegunAgain(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{checkpointBytes: 1 << 20})
	ids := message.NewIDs(0, 0)
	for b := (&Batch{}); s.Stats().Checkpoints < 8; {
		b.Accepted = b.Accepted[:0]
		for range 200 {
			b.Accepted = append(b.Accepted, testMessage(ids, "acme", "46701234567"))
		}
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.WALBytes > st.DatabaseBytes*3/4 {
		t.Errorf("log of %d octets, database of %d", st.WALBytes, st.DatabaseBytes)
	}
}

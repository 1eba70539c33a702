package connector

import (
	"bytes"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"kurir/gsm"
	"kurir/message"
)

// TestTraceDialects: a link of each kind tells what its frames are, and the text of a message that is secret is in none.
func TestTraceDialects(t *testing.T) {
	t.Parallel()
	for speaks, kind := range map[message.Dialect]contractKind{message.UCP: ucpKind(), message.CIMD2: cimd2Kind(), message.AT: modemKind()} {
		kind.fill()
		kind.test(t, "trace", func(t *testing.T, b *contractBench) {
			b.waitUp(1)
			var mu sync.Mutex
			var seen [][]byte
			b.link.(Tracer).SetTrace(func(as message.Dialect, session uint32, _ bool, frame []byte) {
				mu.Lock()
				defer mu.Unlock()
				if as != speaks || session != b.session() {
					t.Errorf("a frame of session %d is %d, want %d", session, as, speaks)
				}
				seen = append(seen, bytes.Clone(frame))
			})
			shown := func(text string, secret bool) bool {
				out := contractMessage(text)
				if secret {
					out.Message.Special = &message.Special{Secret: true}
				}
				before := len(b.operator().taken())
				b.link.Send(b.session(), []*Outgoing{out})
				b.waitTaken(before + 1)
				b.operator().answer(text, "id-"+text, message.NoFailure)
				b.settle()
				mu.Lock()
				defer mu.Unlock()
				all := strings.ToUpper(string(bytes.Join(seen, nil)))
				if len(seen) == 0 {
					t.Errorf("%s: nothing is seen", text)
				}
				seen = nil
				for _, form := range [][]byte{[]byte(text), gsm.Pack(nil, []byte(text), 0)} {
					if strings.Contains(all, strings.ToUpper(hex.EncodeToString(form))) || strings.Contains(all, strings.ToUpper(string(form))) {
						return true
					}
				}
				return false
			}
			if !shown("openly", false) {
				t.Error("the text of a message is not seen")
			}
			if shown("secretly", true) {
				t.Error("the text of a secret message is seen")
			}
		})
	}
}

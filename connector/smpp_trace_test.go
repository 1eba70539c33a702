package connector

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"kurir/message"
	"kurir/smpp"
)

// TestSMPPTrace: the PDUs of a link are seen from when somebody looks, those of
// a session that is opened meanwhile from its bind on, and none afterwards.
func TestSMPPTrace(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		link := b.link.(*SMPP)
		var mu sync.Mutex
		var seen []smpp.CommandID
		take := func() []smpp.CommandID {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			was := seen
			seen = nil
			return was
		}
		o := b.operator()
		exchange := func(text string) {
			b.send(text)
			synctest.Wait()
			o.answer(text, "id", message.NoFailure)
			synctest.Wait()
		}
		exchange("before")
		link.SetTrace(func(_ message.Dialect, _ uint32, _ bool, frame []byte) {
			mu.Lock()
			seen = append(seen, smpp.ParseHeader(frame).Command)
			mu.Unlock()
		})
		exchange("while")
		if got, want := take(), []smpp.CommandID{smpp.CommandSubmitSM, smpp.CommandSubmitSMResp}; !slices.Equal(got, want) {
			t.Errorf("seen %v, want %v", got, want)
		}
		link.RestartSession(1)
		if got := take(); !slices.Contains(got, smpp.CommandBindTransceiver) || !slices.Contains(got, smpp.CommandUnbind) {
			t.Errorf("of the restart is seen %v", got)
		}
		link.SetTrace(nil)
		o = b.operator()
		exchange("after")
		if got := take(); len(got) > 0 {
			t.Errorf("seen after the end: %v", got)
		}
	})
}

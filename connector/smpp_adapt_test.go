package connector

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// TestComplaint20WindowAdapts: answers that take more than half of response_timeout
// halve the window, quick ones let it grow to what was agreed.
func TestComplaint20WindowAdapts(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		o := b.operator()
		b.send(names("m", 2*contractWindow)...)
		time.Sleep(contractAnswer * 3 / 4)
		for i := range contractWindow {
			o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
		}
		synctest.Wait()
		if n := b.link.Stats()[0].WindowSize; n != contractWindow/2 {
			t.Errorf("window of %d after slow answers, want %d", n, contractWindow/2)
		}
		if n := len(o.taken()) - contractWindow; n > contractWindow {
			t.Errorf("%d more on the wire", n)
		}
		for i := contractWindow; i < 2*contractWindow; i++ {
			o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
			synctest.Wait()
		}
		b.send(names("n", 4)...)
		for _, text := range names("n", 4) {
			o.answer(text, "id", message.NoFailure)
			synctest.Wait()
		}
		if n := b.link.Stats()[0].WindowSize; n != contractWindow {
			t.Errorf("window of %d after quick answers, want %d", n, contractWindow)
		}
	})
}

// TestSMPPCongestion: the gateway hears that the operator is busy, and once that
// he is idle again; a full queue is told apart from other refusals.
func TestSMPPCongestion(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Version = "5.0" }, nil, func(t *testing.T, b *contractBench) {
		o := b.operator().(*smsc)
		answer := func(text string, state uint8, status smpp.Status) {
			b.send(text)
			o.mu.Lock()
			p := o.submits[len(o.submits)-1]
			o.mu.Unlock()
			resp := &smpp.SubmitSMResp{MessageID: "id"}
			resp.TLVs.SetU8(smpp.TagCongestionState, state)
			r := smpp.PDU{Command: smpp.CommandSubmitSMResp, Sequence: p.Sequence, Status: status}
			if status == smpp.ESME_ROK || state > 0 {
				r.Body = resp
			}
			_ = o.sess.Respond([]smpp.PDU{r})
			synctest.Wait()
		}
		for i, state := range []uint8{0, 50, 89, 90, 99, 60, 0, 0} {
			answer(fmt.Sprint("m", i), state, smpp.ESME_ROK)
		}
		if want := []uint8{90, 99, 0}; !slices.Equal(b.core.congestion, want) {
			t.Errorf("the gateway heard %v, want %v", b.core.congestion, want)
		}
		answer("refused", 95, smpp.ESME_RSYSERR)
		if heard := b.core.congestion; heard[len(heard)-1] != 95 {
			t.Errorf("the gateway heard %v, and not the 95 of a refusal", heard)
		}
		answer("full", 0, smpp.ESME_RMSGQFUL)
		answer("broken", 0, smpp.ESME_RSYSERR)
		a := b.core.answers
		if full, broken := a[len(a)-2], a[len(a)-1]; !full.QueueFull || broken.QueueFull {
			t.Errorf("answers %+v %+v", full, broken)
		}
	})
}

package simulator

import (
	"bytes"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// receiptsIn gives the sequence numbers of the deliver_sm among what came.
func receiptsIn(got []came) (sequences []uint32) {
	for _, c := range got {
		if c.pdu.Command == smpp.CommandDeliverSM {
			sequences = append(sequences, c.pdu.Sequence)
		}
	}
	return sequences
}

// TestWaitForReceiver holds that receipts wait until a receiver of the same account binds, and go to no other.
func TestWaitForReceiver(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		tx := bind(t, s, smpp.Transmitter)
		for range 3 {
			tx.send(text("46701234567", "x"))
		}
		synctest.Wait()
		if got := tx.take(); len(got) != 3 || len(receiptsIn(got)) != 0 {
			t.Fatalf("the transmitter got %v", got)
		}
		stranger := dial(t, s)
		stranger.send(&smpp.Bind{Mode: smpp.Receiver, SystemID: "other", Version: smpp.Version34})
		synctest.Wait()
		if got := receiptsIn(stranger.take()); len(got) != 0 {
			t.Errorf("another account got %d receipts", len(got))
		}
		rx := dial(t, s)
		rx.send(&smpp.Bind{Mode: smpp.Receiver, SystemID: "esme", Version: smpp.Version34})
		synctest.Wait()
		got := rx.take()
		if len(got) != 4 || got[0].pdu.Command != smpp.CommandBindReceiverResp {
			t.Errorf("the receiver got %v, want the answer to its bind and three receipts", got)
		}
		if st := s.Stats(); st.Acked != 3 || st.Waiting != 0 || st.Unacked != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestAnswersToNothing holds that who answers what was never sent, also one who receives nothing, is counted, and served like others.
func TestAnswersToNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		tx := bind(t, s, smpp.Transmitter)
		rx := bind(t, s, smpp.Transceiver)
		for _, e := range []*esme{tx, rx} {
			e.send(&smpp.DeliverSMResp{})
			e.send(&smpp.EnquireLink{})
			synctest.Wait()
			if got := e.take(); len(got) != 1 || got[0].pdu.Command != smpp.CommandEnquireLinkResp {
				t.Errorf("after an answer to nothing: %v", got)
			}
		}
		if st := s.Stats(); st.Unexpected != 2 || st.Sessions != 2 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestRedelivery holds that what a connection left unanswered comes again on the next, and that the window is kept.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Window: 4}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		e.answersWith(0, true)
		for range 10 {
			e.send(text("46701234567", "x"))
		}
		synctest.Wait()
		if got := receiptsIn(e.take()); len(got) != 4 {
			t.Fatalf("%d receipts in a window of 4", len(got))
		}
		if n := s.DropLinks(); n != 1 {
			t.Errorf("%d links dropped", n)
		}
		synctest.Wait()
		again := bind(t, s, smpp.Transceiver)
		synctest.Wait()
		if st := s.Stats(); st.Acked != 10 || st.Retried != 4 || st.Waiting != 0 {
			t.Errorf("acked %d, retried %d, waiting %d; want 10, 4, 0", st.Acked, st.Retried, st.Waiting)
		}
		_ = again
	})
}

// TestTemporaryRefusal holds that a deliver_sm refused for now comes again after the time set, one refused for good
// does not, and one without an answer comes again after AnswerTime.
func TestTemporaryRefusal(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{AnswerTime: 20 * time.Second, Behaviour: Behaviour{Retry: Duration(5 * time.Second)}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		expect := func(what string, wait time.Duration, want int) {
			t.Helper()
			time.Sleep(wait)
			if got := receiptsIn(e.take()); len(got) != want {
				t.Errorf("%s: %d receipts, want %d", what, len(got), want)
			}
		}
		e.answersWith(smpp.ESME_RX_T_APPN, false)
		e.send(text("46701234567", "x"))
		expect("at once", 4*time.Second, 1)
		e.answersWith(0, true)
		expect("after Retry", 2*time.Second, 1)
		expect("before AnswerTime", 18*time.Second, 0)
		e.answersWith(smpp.ESME_RX_P_APPN, false)
		expect("after AnswerTime", 3*time.Second, 1)
		expect("after a refusal for good", time.Hour, 0)
	})
}

// TestPeerThatDoesNotRead holds that a peer that reads nothing costs bounded memory, and loses nothing but its link.
func TestPeerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go s.ServeConn(theirs)
		frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.Bind{SystemID: "esme", Version: smpp.Version34}})
		one, encodeErr := smpp.Append(nil, &smpp.PDU{Sequence: 9, Body: text("46701234567", "x")})
		if encodeErr != nil {
			t.Fatal(encodeErr)
		}
		const each = 500
		many := bytes.Repeat(one, each)
		written := -each
		for err == nil {
			ours.SetWriteDeadline(time.Now().Add(time.Second))
			if _, err = ours.Write(frame); err == nil {
				written += each
				frame = many
			}
		}
		if limit := 2 * maxUnwritten / 16; written > limit {
			t.Errorf("it took %d messages without their answers being read", written)
		}
		st := s.Stats()
		if st.Unacked > 512 {
			t.Errorf("%d deliver_sm on their way", st.Unacked)
		}
	})
}

// TestBind holds how binds are answered.
func TestBind(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{SystemID: "kurir", Password: "secret"}, func(t *testing.T, s *Simulator) {
		ask := func(body ...smpp.Body) (last smpp.PDU, closed bool) {
			e := dial(t, s)
			for _, b := range body {
				e.send(b)
			}
			synctest.Wait()
			got := e.take()
			return got[len(got)-1].pdu, e.isClosed()
		}
		good := &smpp.Bind{Mode: smpp.Receiver, SystemID: "kurir", Password: "secret", Version: smpp.Version34}
		for _, test := range []struct {
			name   string
			sent   []smpp.Body
			status smpp.Status
			closed bool
		}{
			{"good", []smpp.Body{good}, smpp.ESME_ROK, false},
			{"another password", []smpp.Body{&smpp.Bind{SystemID: "kurir", Password: "wrong"}}, smpp.ESME_RINVPASWD, true},
			{"another system_id", []smpp.Body{&smpp.Bind{SystemID: "other", Password: "secret"}}, smpp.ESME_RINVSYSID, true},
			{"twice", []smpp.Body{good, good}, smpp.ESME_RALYBND, false},
			{"nothing before it", []smpp.Body{text("46701234567", "x")}, smpp.ESME_RINVBNDSTS, false},
			{"a receiver submits", []smpp.Body{good, text("46701234567", "x")}, smpp.ESME_RINVBNDSTS, false},
			{"enquire_link before it", []smpp.Body{&smpp.EnquireLink{}}, smpp.ESME_ROK, false},
			{"unbind", []smpp.Body{good, &smpp.Unbind{}}, smpp.ESME_ROK, true},
			{"a receiver asks", []smpp.Body{good, &smpp.QuerySM{MessageID: "1"}}, smpp.ESME_RINVBNDSTS, false},
			{"the state of nothing", []smpp.Body{&smpp.Bind{SystemID: "kurir", Password: "secret"}, &smpp.QuerySM{MessageID: "1"}}, smpp.ESME_RQUERYFAIL, false},
		} {
			p, closed := ask(test.sent...)
			if p.Status != test.status || closed != test.closed || !p.Command.IsResponse() {
				t.Errorf("%s: %v, closed %t; want status %v, closed %t", test.name, &p, closed, test.status, test.closed)
			}
		}
		late := dial(t, s)
		time.Sleep(bindTime + 2*time.Second)
		if !late.isClosed() {
			t.Error("a connection without a bind stays open")
		}
	})
}

package simulator

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/leaktest"
	"kurir/smpp"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// came is one PDU that the ESME has got, and when.
type came struct {
	at  time.Duration // since the ESME was made
	pdu smpp.PDU
}

// esme is a client for tests: it writes what it is told to, notes all that comes, and answers deliver_sm with status.
type esme struct {
	t       *testing.T
	conn    net.Conn
	started time.Time
	seq     uint32

	mu     sync.Mutex
	got    []came
	closed bool
	status smpp.Status // of its deliver_sm_resp
	mute   bool        // it gives none
}

// inBubble runs a test with a simulator in a bubble of its own time.
func inBubble(t *testing.T, opt Options, test func(t *testing.T, s *Simulator)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opt.FirstID = 0xABCDE
		s := New(opt)
		if err := s.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s)
	})
}

// dial connects without binding.
func dial(t *testing.T, s *Simulator) *esme {
	t.Helper()
	ours, theirs := net.Pipe()
	go s.ServeConn(theirs)
	e := &esme{t: t, conn: ours, started: time.Now()}
	t.Cleanup(func() { ours.Close() })
	go e.read()
	return e
}

// bind connects and binds.
func bind(t *testing.T, s *Simulator, mode smpp.BindMode) *esme {
	t.Helper()
	e := dial(t, s)
	e.send(&smpp.Bind{Mode: mode, SystemID: "esme", Password: "secret", Version: smpp.Version34})
	synctest.Wait()
	if got := e.take(); len(got) == 0 || got[0].pdu.Status != smpp.ESME_ROK {
		t.Fatalf("bind: %v", got)
	}
	return e
}

func (e *esme) read() {
	head := make([]byte, smpp.HeaderLen)
	for {
		_, err := io.ReadFull(e.conn, head)
		var n int
		if err == nil {
			n, err = smpp.FrameLen(head, 0)
		}
		if err != nil {
			break
		}
		frame := append(head[:smpp.HeaderLen:smpp.HeaderLen], make([]byte, n-smpp.HeaderLen)...)
		if _, err := io.ReadFull(e.conn, frame[smpp.HeaderLen:]); err != nil {
			break
		}
		var p smpp.PDU
		if err := smpp.Decode(frame, &p); err != nil {
			e.t.Errorf("the simulator sent what cannot be read: %v", err)
		}
		e.mu.Lock()
		e.got = append(e.got, came{time.Since(e.started), p})
		status, mute := e.status, e.mute
		e.mu.Unlock()
		if p.Command == smpp.CommandDeliverSM && !mute {
			e.write(&smpp.PDU{Command: smpp.CommandDeliverSMResp, Status: status, Sequence: p.Sequence})
		}
	}
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.conn.Close()
}

// answers sets how deliver_sm are answered from now on.
func (e *esme) answersWith(status smpp.Status, mute bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status, e.mute = status, mute
}

// take gives what has come since the last call.
func (e *esme) take() []came {
	e.mu.Lock()
	defer e.mu.Unlock()
	got := e.got
	e.got = nil
	return got
}

func (e *esme) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

func (e *esme) write(p *smpp.PDU) {
	b, err := smpp.Append(nil, p)
	if err != nil {
		e.t.Errorf("encode: %v", err)
	}
	e.conn.Write(b) // an error shows as a closed connection
}

// send writes a request and gives its sequence number.
func (e *esme) send(body smpp.Body) uint32 {
	e.seq++
	e.write(&smpp.PDU{Sequence: e.seq, Body: body})
	return e.seq
}

// text is a submission with a receipt asked for.
func text(to, words string) *smpp.SubmitSM {
	return &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: smpp.Address{TON: 5, Addr: "Kurir"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: to},
		RegisteredDelivery: smpp.ReceiptFinal, Text: []byte(words),
	}}
}

package simulator

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/ucp"
)

// smt is an application on UCP, for tests: it notes what comes, and answers operations of the SMSC with code.
type smt struct {
	t       *testing.T
	conn    net.Conn
	started time.Time
	trn     uint8

	mu     sync.Mutex
	got    []heard
	junk   int
	closed bool
	code   ucp.Code
	mute   bool
}

// heard is one frame that came, and when.
type heard struct {
	at time.Duration
	p  *ucp.PDU
}

// dialUCP connects without logging in.
func dialUCP(t *testing.T, s *Simulator) *smt {
	t.Helper()
	ours, theirs := net.Pipe()
	go s.ServeUCP(theirs)
	m := &smt{t: t, conn: ours, started: time.Now()}
	t.Cleanup(func() { ours.Close() })
	go m.read()
	return m
}

// loginUCP connects and logs in.
func loginUCP(t *testing.T, s *Simulator) *smt {
	t.Helper()
	m := dialUCP(t, s)
	if r := m.ask(&ucp.PDU{Op: ucp.OpSession, Body: ucp.OpenSession("6000", "secret")}); r == nil || r.Code != ucp.CodeNone {
		t.Fatalf("log-in: %+v", r)
	}
	return m
}

func (m *smt) read() {
	var buf []byte
	chunk := make([]byte, 4096)
	for {
		n, err := m.conn.Read(chunk)
		buf = append(buf, chunk[:n]...)
		for {
			end := bytes.IndexByte(buf, ucp.ETX)
			if end < 0 {
				break
			}
			m.frame(buf[max(0, bytes.IndexByte(buf, ucp.STX)) : end+1])
			buf = buf[end+1:]
		}
		if err != nil {
			break
		}
	}
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.conn.Close()
}

func (m *smt) frame(b []byte) {
	p, err := ucp.Decode(b)
	m.mu.Lock()
	if err != nil {
		m.junk++
		m.mu.Unlock()
		return
	}
	m.got = append(m.got, heard{time.Since(m.started), p})
	code, mute := m.code, m.mute
	m.mu.Unlock()
	switch {
	case p.Result || mute:
	case code != ucp.CodeNone:
		m.write(p.Nack(code, ""))
	default:
		m.write(p.Ack(""))
	}
}

func (m *smt) write(p *ucp.PDU) {
	b, err := ucp.Append(nil, p)
	if err != nil {
		m.t.Errorf("encode: %v", err)
	}
	_, _ = m.conn.Write(b) // an error shows as a closed connection
}

// send sends an operation under a number of its own.
func (m *smt) send(p *ucp.PDU) {
	p.TRN = m.trn
	m.trn = (m.trn + 1) % 100
	m.write(p)
}

// ask sends an operation and gives its result; what else comes stays. nil: there was none.
func (m *smt) ask(p *ucp.PDU) *ucp.Result {
	m.t.Helper()
	m.send(p)
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, h := range m.got {
		if h.p.Result && h.p.TRN == p.TRN && h.p.Op == p.Op {
			m.got = append(m.got[:i:i], m.got[i+1:]...)
			return h.p.Outcome()
		}
	}
	return nil
}

// take gives what has come since the last call.
func (m *smt) take() []heard {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.got
	m.got = nil
	return got
}

// answersWith sets how operations of the SMSC are answered.
func (m *smt) answersWith(code ucp.Code, mute bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.code, m.mute = code, mute
}

func (m *smt) end() (closed bool, junk int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed, m.junk
}

// words is a submission with all notifications wanted.
func words(to, text string) *ucp.PDU {
	m := &ucp.Message{AdC: to, NRq: '1', NT: '7'}
	_ = m.SetSender("+46700000001")
	octets, _ := ucp.AlphabetGSM.Append(nil, text)
	m.SetText(octets)
	return &ucp.PDU{Op: ucp.OpSubmit, Body: m}
}

package e2e

import (
	"errors"
	"sync"
	"testing"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/simulator"
)

// kannelCIMD2 connects Kannel to an SMSC on CIMD2.
func kannelCIMD2(addr, user, pass string) string {
	return kannelGroup("cimd2", addr, user, pass, "sender-prefix = never\n")
}

// TestKannelSimulatorCIMD2: Kannel takes the simulator for an SMSC on CIMD2: messages, status reports, messages from phones. It
// does not ask to be told that a phone is off.
func TestKannelSimulatorCIMD2(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{CIMD2: freeAddr(t)})
	kannelAtSimulator(t, sim, "cimd", sim.CIMD2Addr(), kannelCIMD2, []int{1, 8})
}

// cimd2Taker is an SMSC of a few lines on package cimd2: it takes every message and reports it as delivered. Kannel asks for no
// window, so reports go one at a time.
type cimd2Taker struct {
	stamps  cimd2.Stamps
	reports []cimd2.Request // that wait for the window; of the session's goroutine
	mu      sync.Mutex
	texts   []string
	failed  []error
}

func (h *cimd2Taker) Requests(s *cimd2.Session, requests []*cimd2.Packet) {
	for _, p := range requests {
		text, err := h.take(s, p)
		h.mu.Lock()
		h.texts = append(h.texts, text)
		h.failed = append(h.failed, err)
		h.mu.Unlock()
	}
}

// take takes one message.
func (h *cimd2Taker) take(s *cimd2.Session, p *cimd2.Packet) (text string, err error) {
	var m cimd2.Submit
	if err := p.Read(&m); err != nil {
		return "", errors.Join(err, s.Respond([]*cimd2.Packet{p.Refuse(cimd2.ErrUnexpectedOperation, "")}))
	}
	at := h.stamps.Next(m.Destinations[0], time.Now(), time.UTC)
	answer, err := p.Answer(&cimd2.SubmitResp{Results: []cimd2.SubmitResult{{Destination: m.Destinations[0], Timestamp: at}}})
	if err != nil {
		return "", err
	}
	report, err := cimd2.New(&cimd2.StatusReport{Report: cimd2.Report{Destination: m.Destinations[0], Timestamp: at, Status: cimd2.StatusDelivered, Discharge: at}})
	if err != nil {
		return "", err
	}
	h.reports = append(h.reports, cimd2.Request{PDU: report})
	return gsm.DecodeGSM7(m.Septets()), errors.Join(s.Respond([]*cimd2.Packet{answer}), h.send(s))
}

// send sends the reports that there is room for.
func (h *cimd2Taker) send(s *cimd2.Session) error {
	taken, err := s.Send(h.reports)
	h.reports = h.reports[taken:]
	return err
}

func (h *cimd2Taker) Responses(s *cimd2.Session, responses []cimd2.Response) {
	err := h.send(s)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range responses {
		h.failed = append(h.failed, errors.Join(r.Err, err))
	}
}

// TestKannelSessionCIMD2: a session of ours and one of Kannel's: login, messages and status reports, questions for life of
// both sides, a message from a phone, logout.
func TestKannelSessionCIMD2(t *testing.T) {
	t.Parallel()
	h := &cimd2Taker{}
	bound := make(chan *cimd2.Session, 1)
	srv := cimd2.NewServer(func(_ *cimd2.Session, l *cimd2.Login) (cimd2.ErrorCode, cimd2.Handler) {
		if l.User != "acme" || l.Password != linkPass {
			return cimd2.ErrLogin, nil
		}
		return cimd2.NoError, h
	})
	srv.Session.Alive = 100 * time.Millisecond
	srv.Bound = func(s *cimd2.Session) { bound <- s }
	addr, judge := tappedAs(t, "cimd", serveSessions(t, srv), true, false)
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, kannelCIMD2(addr, "acme", linkPass), mo.URL)
	s := receive(t, "Kannel's login", bound)
	kannelSends(t, k, dlr)
	inbound, err := cimd2.New(&cimd2.Deliver{Destination: "6000", Originator: "46701234567", UserData: cimd2.UserData{Data: []byte("hi")}, Timestamp: "261129170000"})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := s.Do(t.Context(), inbound); err != nil || answer.Refused() != nil {
		t.Errorf("%v, %v", answer, err)
	}
	kannelTakes(t, mo, s.Info)
	h.mu.Lock()
	defer h.mu.Unlock()
	judgeTaken(t, h.texts, h.failed)
	judge()
}

// TestKannelCIMD2: Kannel is our customer over CIMD2.
func TestKannelCIMD2(t *testing.T) {
	t.Parallel()
	kannelCustomer(t, "cimd2", "cimd", kannelCIMD2, []int{1, 8})
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/ucp"
	"kurir/wire"
)

// kannelGroup is a group that connects Kannel to an SMSC of a kind; more are lines of that kind.
func kannelGroup(kind, addr, user, pass, more string) string {
	host, port, _ := strings.Cut(addr, ":")
	return fmt.Sprintf(`group = smsc
smsc = %s
smsc-id = kurir
host = %s
port = %s
smsc-username = %s
smsc-password = %s
keepalive = 1
reconnect-delay = 1
%s`, kind, host, port, user, pass, more)
}

// kannelUCP connects Kannel to an SMSC on UCP.
func kannelUCP(addr, user, pass string) string {
	return kannelGroup("emi", addr, user, pass, "window = 10\nnotification-pid = 0539\nnotification-addr = 6000\n")
}

// TestKannelSimulatorUCP: Kannel takes the simulator for an SMSC on UCP: messages, notifications, messages from phones.
func TestKannelSimulatorUCP(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{UCP: freeAddr(t)})
	kannelAtSimulator(t, sim, "ucp", sim.UCPAddr(), kannelUCP, []int{1, 4, 8})
}

// kannelAtSimulator connects Kannel to the simulator's SMSC at an address. Layer is tshark's name of the protocol, late as for
// kannelExchange.
func kannelAtSimulator(t *testing.T, sim *simulator.Simulator, layer, addr string, group func(addr, user, pass string) string, late []int) {
	t.Helper()
	addr, judge := tappedAs(t, layer, addr, true, false)
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, group(addr, "kurir", linkPass), mo.URL)
	eventually(t, "Kannel has logged in", func() bool { return sim.Stats().Binds > 0 })
	kannelExchange(t, k, sim, mo, dlr, late, []int{16})
	if c := sim.Stats(); c.Retried != 0 || c.Malformed != 0 || c.Unexpected != 0 || c.BindsRefused != 0 {
		t.Errorf("the simulator counts %+v", c.Counts)
	}
	judge()
}

// kannelExchange has Kannel send to phones of the simulator over UCP or CIMD2, and phones write to Kannel. Late are the dlr
// values of a message whose phone is off at first, refused those of one that the simulator refuses.
func kannelExchange(t *testing.T, k *kannel, sim *simulator.Simulator, mo, dlr *hook, late, refused []int) {
	t.Helper()
	for _, c := range []struct {
		to, text, from string
		want           []int
	}{
		{"46701000001", "ref-1 " + textMark + " åäö €[]{}", "46700000001", []int{1, 8}},
		{"46701099605", "ref-2 " + textMark, "46700000001", []int{2, 8}},
		{"46701000003", "ref-3 " + textMark + " Привет", "46700000001", []int{1, 8}},
		{"46701000004", "ref-4 " + textMark + strings.Repeat(" åäö 0123456789", 20), "46700000001", []int{1, 8}},
		{"46701000005", "ref-5 " + textMark, "Kannel", []int{1, 8}},
		{"46701099800", "ref-6 " + textMark, "46700000001", late},
		{"46701099006", "ref-7 " + textMark, "46700000001", refused},
	} {
		more := url.Values{"dlr-mask": {"31"}, "dlr-url": {dlr.URL + "/?d=%d"}, "from": {c.from}}
		if strings.Contains(c.text, "Привет") {
			more["coding"] = []string{"2"}
		}
		if status, text := k.send(c.to, c.text, more); status != http.StatusAccepted {
			t.Fatalf("Kannel answers %d %q", status, text)
		}
		got := dlrs(t, dlr, len(c.want))
		slices.Sort(got) // Kannel makes its calls side by side
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: dlr values %v, want %v", c.to, got, c.want)
		}
		if !slices.Contains(c.want, 1) {
			continue
		}
		if got := shown(t, sim, c.to); got.Text != c.text || got.Peer != c.from {
			t.Errorf("%s shows %+v, want %q", c.to, got, c.text)
		}
	}
	kannelInbound(t, sim, mo)
}

// ucpTaker is an SMSC of a few lines on package ucp: it takes every message and reports it as delivered.
type ucpTaker struct {
	stamps ucp.Stamps
	mu     sync.Mutex
	texts  []string
	failed []error
}

func (h *ucpTaker) Requests(s *ucp.Session, requests []*ucp.PDU) {
	for _, p := range requests {
		m := p.Message()
		if m == nil {
			_ = s.Respond([]*ucp.PDU{p.Nack(ucp.CodeNotSupported, "")})
			continue
		}
		id := ucp.ID{AdC: m.AdC, SCTS: string(h.stamps.Append(nil, m.AdC, time.Now(), time.UTC))}
		err := s.Respond([]*ucp.PDU{p.Ack(id.String())})
		receipt := &ucp.Message{AdC: m.OAdC, OAdC: id.AdC, SCTS: id.SCTS, Dst: ucp.StatusDelivered, Rsn: "000", DSCTS: id.SCTS}
		receipt.SetText([]byte("delivered"))
		_, err2 := s.Send([]ucp.Request{{PDU: &ucp.PDU{Op: ucp.OpNotify, Body: receipt}}})
		h.mu.Lock()
		h.texts = append(h.texts, ucp.AlphabetGSM.Decode(m.Msg))
		h.failed = append(h.failed, errors.Join(err, err2))
		h.mu.Unlock()
	}
}

func (h *ucpTaker) Responses(_ *ucp.Session, responses []ucp.Response) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range responses {
		if r.Err == nil && r.PDU.Outcome().Code != ucp.CodeNone {
			r.Err = r.PDU.Outcome().Code
		}
		h.failed = append(h.failed, r.Err)
	}
}

// kannelSends has Kannel send three messages, and waits for what it is told of them.
func kannelSends(t *testing.T, k *kannel, dlr *hook) {
	t.Helper()
	for i := range 3 {
		status, text := k.send("46701000001", fmt.Sprint("åäö ", i), url.Values{"dlr-mask": {"31"}, "dlr-url": {dlr.URL + "/?d=%d"}, "from": {"6000"}})
		if status != http.StatusAccepted {
			t.Fatalf("Kannel answers %d %q", status, text)
		}
	}
	got := dlrs(t, dlr, 6)
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 1, 1, 8, 8, 8}) {
		t.Errorf("dlr values %v", got)
	}
}

// kannelTakes waits for a message at Kannel's service, and until both sides of a session have asked whether the other lives.
func kannelTakes(t *testing.T, mo *hook, info func() wire.Info) {
	t.Helper()
	if c := receive(t, "an inbound message at Kannel's service", mo.calls); c.Query.Get("text") != "hi" {
		t.Errorf("Kannel hands on %s", c.Query.Encode())
	}
	eventually(t, "Kannel has said that it lives, and was told that we do", func() bool {
		i := info()
		return i.AliveTime > 0 && i.Received >= 10
	})
	if i := info(); i.Bad+i.Junk+i.Expired != 0 {
		t.Errorf("%+v", i)
	}
}

// judgeTaken looks at what an SMSC of ours has got from kannelSends, and at the errors of what it said to that.
func judgeTaken(t *testing.T, texts []string, failed []error) {
	t.Helper()
	if err := errors.Join(failed...); err != nil || len(failed) != 6 || !slices.Equal(slices.Sorted(slices.Values(texts)), []string{"åäö 0", "åäö 1", "åäö 2"}) {
		t.Errorf("%q, %v", texts, err)
	}
}

// serveSessions runs a server until the test ends, and gives its address.
func serveSessions(t *testing.T, srv interface {
	Serve(ctx context.Context, ln net.Listener) error
},
) string {
	t.Helper()
	ln, err := net.Listen("tcp", freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// TestKannelSessionUCP: a session of ours and one of Kannel's: log-in, messages and notifications, questions for life of both
// sides, a message from a phone.
func TestKannelSessionUCP(t *testing.T) {
	t.Parallel()
	h := &ucpTaker{}
	bound := make(chan *ucp.Session, 1)
	srv := ucp.NewServer(wire.Config{Alive: 100 * time.Millisecond}, func(_ *ucp.Session, l *ucp.Login) ucp.Decision {
		if l.OAdC != "6000" || l.Pwd != linkPass {
			return ucp.Decision{Code: ucp.CodeAuthentication}
		}
		return ucp.Decision{Account: l.OAdC, Handler: h}
	})
	srv.Bound = func(s *ucp.Session) { bound <- s }
	addr, judge := tappedAs(t, "ucp", serveSessions(t, srv), true, false)
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, kannelUCP(addr, "6000", linkPass), mo.URL)
	s := receive(t, "Kannel's log-in", bound)
	kannelSends(t, k, dlr)
	inbound := &ucp.Message{AdC: "6000", OAdC: "46701234567", SCTS: "291126170000"}
	inbound.SetText([]byte("hi"))
	answer, err := s.Do(t.Context(), &ucp.PDU{Op: ucp.OpDeliver, Body: inbound})
	if err != nil || answer.Outcome().Code != ucp.CodeNone {
		t.Errorf("%s, %v", answer, err)
	}
	kannelTakes(t, mo, s.Info)
	h.mu.Lock()
	defer h.mu.Unlock()
	judgeTaken(t, h.texts, h.failed)
	judge()
}

// kannelCustomer has Kannel log in at a server of ours over a protocol, submit, and get status reports and messages from
// phones. Name is the protocol's, layer tshark's, late as for kannelExchange.
func kannelCustomer(t *testing.T, name, layer string, group func(addr, user, pass string) string, late []int) {
	t.Helper()
	sim := startSimulator(t, simulator.Options{})
	own := freeAddr(t)
	s := startServer(t, sim, serverOptions{more: fmt.Sprintf("%s: {listen: %q}", name, own)})
	linked(t, sim)
	addr, judge := tappedAs(t, layer, own, true, false)
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, group(addr, account, password), mo.URL)
	s.proc.out.wait(t, `customer bound`)
	kannelExchange(t, k, sim, mo, dlr, late, []int{2, 8})
	if c := sim.Stats(); c.Retried != 0 || c.Malformed != 0 || c.Unexpected != 0 {
		t.Errorf("the simulator counts %+v", c.Counts)
	}
	judge()
}

// TestKannelUCP: Kannel is our customer over UCP.
func TestKannelUCP(t *testing.T) {
	t.Parallel()
	kannelCustomer(t, "ucp", "ucp", kannelUCP, []int{1, 4, 8})
}

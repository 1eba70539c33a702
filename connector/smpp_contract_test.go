package connector

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPContract holds links over SMPP to the contract.
func TestSMPPContract(t *testing.T) {
	t.Parallel()
	smppKind().run(t)
}

func smppTestConfig() SMPPConfig {
	return SMPPConfig{
		Named:       Named{Name: "op1"},
		Remote:      Remote{Hosts: []string{"pipe:1"}, Window: contractWindow, Lookahead: contractCredit - contractWindow, ResponseTimeout: contractAnswer, Reconnect: 2 * time.Second},
		SystemID:    "kurir",
		Password:    "secret",
		EnquireLink: contractEnquire,
	}
}

func smppKind() contractKind {
	return contractKind{
		name: "smpp",
		make: func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
			l := NewSMPP(smppTestConfig(), NewShared(), nil)
			l.Dial = dial
			return l
		},
		serve: func(_ *testing.T, conn net.Conn) operator { return newSMSC(conn) },
	}
}

// smsc is an operator over SMPP that does as it is told.
type smsc struct {
	sess *smpp.Session

	conn *deafConn

	mu      sync.Mutex
	submits []smpp.PDU
	answers map[string]smpp.PDU
	left    bool
	binds   []*smpp.Bind
	status  smpp.Status                              // of a bind
	drops   bool                                     // the session once bound
	pause   func()                                   // before a bind is answered; may be nil
	manage  func(smpp.Body) (smpp.Status, smpp.Body) // answers what is not known here; may be nil
	hold    bool                                     // what is not known here, in place of an answer
	held    []smpp.PDU
	came    func() // when a submit_sm has come; may be nil
}

func newSMSC(conn net.Conn) *smsc {
	o := &smsc{answers: map[string]smpp.PDU{}, conn: &deafConn{Conn: conn, gone: make(chan struct{})}}
	o.sess = smpp.NewSession(o.conn, smpp.SessionConfig{Role: smpp.SMSC, EnquireInterval: -1, Window: 100}, o)
	go func() {
		err := o.sess.Run(context.Background())
		o.mu.Lock()
		o.left = errors.Is(err, smpp.ErrPeerUnbound)
		o.mu.Unlock()
	}()
	return o
}

func (o *smsc) Requests(s *smpp.Session, requests []smpp.PDU) {
	if o.pause != nil && requests[0].Command == smpp.CommandBindTransceiver {
		o.pause()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range requests {
		switch b := r.Body.(type) {
		case *smpp.Bind:
			o.binds = append(o.binds, b)
			resp := smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence, Status: o.status}
			if o.status == 0 {
				resp.Body = &smpp.BindResp{Mode: b.Mode, SystemID: "smsc"}
			}
			_ = s.Respond([]smpp.PDU{resp})
			s.SetBound(b.Mode)
			if o.drops {
				go func() { _ = s.Unbind(context.Background()) }()
			}
		case *smpp.SubmitSM:
			o.submits = append(o.submits, r)
			if o.came != nil {
				o.came()
			}
		default:
			if o.hold {
				o.held = append(o.held, r)
			} else if o.manage != nil {
				status, body := o.manage(r.Body)
				_ = s.Respond([]smpp.PDU{{Command: r.Command.Response(), Sequence: r.Sequence, Status: status, Body: body}})
			}
		}
	}
}

func (o *smsc) Responses(_ *smpp.Session, responses []smpp.Response) {
	for _, r := range responses {
		ch := r.Ref.(chan string)
		switch {
		case r.Err != nil:
			ch <- "lost"
		case r.PDU.Status == smpp.ESME_ROK:
			ch <- "ok"
		case r.PDU.Status == smpp.ESME_RX_T_APPN:
			ch <- "later"
		default:
			ch <- r.PDU.Status.String()
		}
	}
}

func (o *smsc) taken() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, p := range o.submits {
		list = append(list, smppTestText(p.Body.(*smpp.SubmitSM)))
	}
	return list
}

func smppTestText(m *smpp.SubmitSM) string {
	ud := m.Message()
	if m.ESMClass&smpp.ESMUDHI != 0 {
		_, ud, _ = gsm.ParseHeader(ud)
	}
	return gsm.DecodeGSM7(ud)
}

var smppTestStatus = map[message.FailureKind]smpp.Status{
	message.NoFailure: smpp.ESME_ROK, message.Throttled: smpp.ESME_RTHROTTLED, message.Busy: smpp.ESME_RSYSERR,
	message.Refused: smpp.ESME_RX_R_APPN, message.BadRecipient: smpp.ESME_RINVDSTADR,
	message.BadSender: smpp.ESME_RINVSRCADR, message.BadContent: smpp.ESME_RINVMSGLEN,
}

func (o *smsc) answer(text, id string, kind message.FailureKind) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.submits) - 1; i >= 0; i-- { // the newest, if it came again
		p := o.submits[i]
		if smppTestText(p.Body.(*smpp.SubmitSM)) != text {
			continue
		}
		resp := smpp.PDU{Command: smpp.CommandSubmitSMResp, Sequence: p.Sequence, Status: smppTestStatus[kind]}
		if kind == message.NoFailure {
			resp.Body = &smpp.SubmitSMResp{MessageID: id}
		}
		o.answers[text] = resp
		_ = o.sess.Respond([]smpp.PDU{resp})
		return
	}
}

func (o *smsc) again(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.sess.Respond([]smpp.PDU{o.answers[text]})
}

func (o *smsc) request(body smpp.Body) <-chan string {
	ch := make(chan string, 1)
	_, _ = o.sess.Send([]smpp.Request{{Body: body, Ref: ch}})
	return ch
}

func (o *smsc) receipt(id string, state message.State) <-chan string {
	value, stat := state.SMPP()
	d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		ESMClass: smpp.ESMReceipt, Source: smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}, Dest: smpp.Address{TON: 5, Addr: "ACME"},
		Text: []byte("id:" + id + " sub:001 dlvrd:001 submit date:2603011234 done date:2603011235 stat:" + stat + " err:000 text:x"),
	}}
	d.TLVs.SetU8(smpp.TagMessageState, value)
	return o.request(d)
}

func (o *smsc) inbound(text string) <-chan string {
	return o.request(&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		Source: smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}, Dest: smpp.Address{Addr: "72345"}, Text: []byte(text),
	}})
}

func (o *smsc) silent() { o.conn.deaf.Store(true) }

func (o *smsc) cut() { o.sess.Close(nil) }

// deafConn is a connection that stays open while nobody is at its end.
type deafConn struct {
	net.Conn
	deaf atomic.Bool
	once sync.Once
	gone chan struct{}
}

func (c *deafConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.deaf.Load() {
		<-c.gone
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *deafConn) Close() error {
	c.once.Do(func() { close(c.gone) })
	return c.Conn.Close()
}

func (o *smsc) unbound() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.left
}

package connector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
	"kurir/wire"
)

// TestUCPContract and TestCIMD2Contract hold links over UCP and CIMD2 to the contract.
func TestUCPContract(t *testing.T) {
	t.Parallel()
	ucpKind().run(t)
}

func TestCIMD2Contract(t *testing.T) {
	t.Parallel()
	cimd2Kind().run(t)
}

// stampNames are ids of tests, of which an operator who has none makes times: the first is the first second of a year.
type stampNames struct {
	mu    sync.Mutex
	names []string
}

func (n *stampNames) stamp(name string) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, other := range n.names {
		if other == name {
			return time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
		}
	}
	n.names = append(n.names, name)
	return time.Date(2026, 1, 1, 0, 0, len(n.names)-1, 0, time.UTC)
}

// name gives the name of an id, which ends with the time.
func (n *stampNames) name(id string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := strings.LastIndexByte(id, ':')
	if at < 0 || id[:at] != "46701234567" {
		return "not an id: " + id
	}
	var minute, second int
	if _, err := fmt.Sscanf(id[len(id)-4:], "%02d%02d", &minute, &second); err != nil || 60*minute+second >= len(n.names) {
		return "unknown: " + id
	}
	return n.names[60*minute+second]
}

func wireTestRemote() Remote {
	return Remote{
		Hosts: []string{"pipe:1"}, Window: contractWindow, Lookahead: contractCredit - contractWindow,
		ResponseTimeout: contractAnswer, Reconnect: 2 * time.Second,
	}
}

func ucpTestConfig() UCPConfig {
	return UCPConfig{
		Named: Named{Name: "op2"}, Remote: wireTestRemote(), Account: "8888", Password: "secret", KeepAlive: contractEnquire,
		Failures: map[string]string{"04": "throttled", "63": "bad_sender"},
	}
}

func cimd2TestConfig() CIMD2Config {
	return CIMD2Config{Named: Named{Name: "op3"}, Remote: wireTestRemote(), User: "kurir", Password: "secret", KeepAlive: contractEnquire}
}

func ucpKind() contractKind {
	names := &stampNames{}
	return contractKind{
		name: "ucp", id: names.name, once: true,
		make: func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
			l := NewUCP(ucpTestConfig(), NewShared(), nil)
			l.Dial = dial
			return l
		},
		serve: func(_ *testing.T, conn net.Conn) operator { return newUCPOperator(conn, names) },
	}
}

func cimd2Kind() contractKind {
	names := &stampNames{}
	return contractKind{
		name: "cimd2", id: names.name, once: true,
		make: func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
			l := NewCIMD2(cimd2TestConfig(), NewShared(), nil)
			l.Dial = dial
			return l
		},
		serve: func(_ *testing.T, conn net.Conn) operator { return newCIMD2Operator(conn, names) },
	}
}

// wireOperator is an operator over a protocol of package wire that does as it is told.
type wireOperator[P wire.PDU] struct {
	sess *wire.Session[P]
	conn *deafConn

	login   func(p P) (answer P, ok bool)
	text    func(p P) (string, bool)                          // of a message
	reply   func(p P, id string, kind message.FailureKind) P  // to one
	fate    func(id string, state message.State) P            // a receipt
	letter  func(text string) P                               // from a phone
	outcome func(request, response P) string                  // of those two
	manage  func(s *wire.Session[P], p P) (answer P, ok bool) // what else comes; may be nil

	mu       sync.Mutex
	requests []P
	others   []P
	answers  map[string]P
	waits    map[uint8]chan string // by the number of the request
	left     bool
}

// said tells how a request was answered, other than by a response.
func (o *wireOperator[P]) said(number uint8, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.waits[number] <- what:
	default:
	}
}

func (o *wireOperator[P]) run(conn net.Conn, protocol *wire.Protocol[P], trace func(sent bool, frame []byte)) {
	o.answers, o.waits = map[string]P{}, map[uint8]chan string{}
	o.conn = &deafConn{Conn: conn, gone: make(chan struct{})}
	o.sess = wire.NewSession(o.conn, protocol, wire.Config{Role: wire.SMSC, Alive: -1, Window: 50, Trace: trace}, wire.Handler[P](o))
	go func() {
		err := o.sess.Run(context.Background())
		o.mu.Lock()
		o.left = errors.Is(err, wire.ErrPeerClosed) || errors.Is(err, wire.ErrLeft)
		o.mu.Unlock()
	}()
}

func (o *wireOperator[P]) Requests(s *wire.Session[P], requests []P) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range requests {
		if answer, ok := o.login(p); ok {
			_ = s.Respond([]P{answer})
			s.SetBound("kurir")
			continue
		}
		if _, ok := o.text(p); ok {
			o.requests = append(o.requests, p)
			continue
		}
		o.others = append(o.others, p)
		if o.manage == nil {
			continue
		}
		if answer, ok := o.manage(s, p); ok {
			_ = s.Respond([]P{answer})
		}
	}
}

func (o *wireOperator[P]) Responses(_ *wire.Session[P], responses []wire.Response[P]) {
	for _, r := range responses {
		ch := r.Ref.(chan string)
		said := "lost"
		if r.Err == nil {
			said = o.outcome(r.Request, r.PDU)
		}
		select {
		case ch <- said:
		default: // it was said already
		}
	}
}

func (o *wireOperator[P]) taken() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, p := range o.requests {
		text, _ := o.text(p)
		list = append(list, text)
	}
	return list
}

func (o *wireOperator[P]) answer(text, id string, kind message.FailureKind) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.requests) - 1; i >= 0; i-- { // the newest, if it came again
		if got, _ := o.text(o.requests[i]); got == text {
			o.answers[text] = o.reply(o.requests[i], id, kind)
			_ = o.sess.Respond([]P{o.answers[text]})
			return
		}
	}
}

func (o *wireOperator[P]) again(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.sess.Respond([]P{o.answers[text]})
}

func (o *wireOperator[P]) send(p P) chan string {
	ch := make(chan string, 1)
	_, _ = o.sess.Send([]wire.Request[P]{{PDU: p, Ref: ch}})
	o.mu.Lock()
	o.waits[p.Number()] = ch
	o.mu.Unlock()
	return ch
}

func (o *wireOperator[P]) receipt(id string, state message.State) <-chan string {
	return o.send(o.fate(id, state))
}
func (o *wireOperator[P]) inbound(text string) <-chan string { return o.send(o.letter(text)) }
func (o *wireOperator[P]) silent()                           { o.conn.deaf.Store(true) }
func (o *wireOperator[P]) cut()                              { o.sess.Close(nil) }

func (o *wireOperator[P]) unbound() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.left
}

func newUCPOperator(conn net.Conn, names *stampNames) *wireOperator[*ucp.PDU] {
	codes := map[message.FailureKind]ucp.Code{
		message.Throttled: 4, message.Busy: 55, message.Refused: 3, message.BadRecipient: 6, message.BadSender: 63, message.BadContent: 24,
	}
	stamp := func(id string) string { return string(ucp.AppendSeconds(nil, names.stamp(id), time.UTC)) }
	o := &wireOperator[*ucp.PDU]{
		login: func(p *ucp.PDU) (*ucp.PDU, bool) { return p.Ack(""), p.Op == ucp.OpSession },
		text: func(p *ucp.PDU) (string, bool) {
			if p.Op != ucp.OpSubmit {
				return "", false
			}
			return gsm.DecodeGSM7(p.Message().Msg), true
		},
		reply: func(p *ucp.PDU, id string, kind message.FailureKind) *ucp.PDU {
			if kind != message.NoFailure {
				return p.Nack(codes[kind], "no")
			}
			return p.Ack(p.Message().AdC + ":" + stamp(id))
		},
		fate: func(id string, state message.State) *ucp.PDU {
			m := &ucp.Message{AdC: "8888", OAdC: "46701234567", SCTS: stamp(id), Dst: ucp.StatusDelivered, Rsn: "000", DSCTS: "010126000100"}
			if state != message.Delivered {
				m.Dst, m.Rsn = ucp.StatusFailed, "107"
			}
			m.SetText([]byte("receipt"))
			return &ucp.PDU{Op: ucp.OpNotify, Body: m}
		},
		letter: func(text string) *ucp.PDU {
			m := &ucp.Message{AdC: "72345", OAdC: "46701234567", OTOA: ucp.OTOAInternational, SCTS: "010126000000"}
			m.SetText([]byte(text))
			return &ucp.PDU{Op: ucp.OpDeliver, Body: m}
		},
		outcome: func(_, response *ucp.PDU) string {
			switch response.Outcome().Code {
			case ucp.CodeNone:
				return "ok"
			case ucp.CodeSystem:
				return "later"
			}
			return response.Outcome().Code.String()
		},
	}
	o.run(conn, ucp.NewServer(wire.Config{}, nil).Protocol, nil)
	return o
}

func newCIMD2Operator(conn net.Conn, names *stampNames) *wireOperator[*cimd2.Packet] {
	codes := map[message.FailureKind]cimd2.ErrorCode{
		message.Throttled: 10, message.Busy: 6, message.Refused: 3, message.BadRecipient: 300, message.BadSender: 306, message.BadContent: 302,
	}
	stamp := func(id string) string { return cimd2.FormatTime(names.stamp(id), time.UTC) }
	packet := func(body cimd2.Body) *cimd2.Packet {
		p, err := cimd2.New(body)
		if err != nil {
			panic(err)
		}
		return p
	}
	o := &wireOperator[*cimd2.Packet]{
		login: func(p *cimd2.Packet) (*cimd2.Packet, bool) {
			return cimd2.Empty(cimd2.OpLoginResp, p.Seq), p.Op == cimd2.OpLogin
		},
		text: func(p *cimd2.Packet) (string, bool) {
			var m cimd2.Submit
			if p.Op != cimd2.OpSubmit || p.Read(&m) != nil {
				return "", false
			}
			return gsm.DecodeGSM7(m.Septets()), true
		},
		reply: func(p *cimd2.Packet, id string, kind message.FailureKind) *cimd2.Packet {
			if kind != message.NoFailure {
				return p.Refuse(codes[kind], "no")
			}
			answer, err := p.Answer(&cimd2.SubmitResp{Results: []cimd2.SubmitResult{{Destination: "46701234567", Timestamp: stamp(id)}}})
			if err != nil {
				panic(err)
			}
			return answer
		},
		fate: func(id string, state message.State) *cimd2.Packet {
			r := cimd2.Report{Destination: "46701234567", Timestamp: stamp(id), Status: cimd2.StatusDelivered, Discharge: "260101000100"}
			if state != message.Delivered {
				r.Status, r.Error = cimd2.StatusFailed, cimd2.Some(29)
			}
			return packet(&cimd2.StatusReport{Report: r})
		},
		letter: func(text string) *cimd2.Packet {
			return packet(&cimd2.Deliver{Destination: "72345", Originator: "+46701234567", Timestamp: "260101000000", UserData: cimd2.UserData{Data: []byte(text)}})
		},
		outcome: func(_, response *cimd2.Packet) string {
			if err := response.Refused(); err != nil {
				return err.Error()
			}
			return "ok"
		},
	}
	o.run(conn, cimd2.Protocol(false), func(sent bool, frame []byte) {
		var number uint8
		if _, err := fmt.Sscanf(string(frame), "\x0299:%d", &number); err == nil && !sent {
			o.said(number, "later")
		}
	})
	return o
}

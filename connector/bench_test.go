package connector

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// benchCore keeps a session's credit in use, as the gateway does.
type benchCore struct {
	up   chan uint32
	link *SMPP
	left atomic.Int64
	done chan struct{}
}

func (c *benchCore) SessionUp(session uint32, _ int)         { c.up <- session }
func (*benchCore) SessionDown(uint32, []*Outgoing, error)    {}
func (*benchCore) Throttled(uint32)                          {}
func (*benchCore) Congestion(uint32, uint8)                  {}
func (*benchCore) Reports(_ []message.Report, a func(error)) { a(nil) }
func (*benchCore) Inbound([]*message.Inbound, func(error))   {}

func (c *benchCore) Answered(session uint32, answers []Answer) {
	left := c.left.Add(-int64(len(answers)))
	if left <= 0 {
		if left+int64(len(answers)) > 0 {
			close(c.done)
		}
		return
	}
	out := make([]*Outgoing, 0, len(answers))
	for _, a := range answers {
		out = append(out, a.Out)
	}
	c.link.Send(session, out)
}

// benchSMSC takes everything at once.
type benchSMSC struct{}

func (benchSMSC) Requests(s *smpp.Session, requests []smpp.PDU) {
	out := make([]smpp.PDU, len(requests))
	for i, r := range requests {
		out[i] = smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence, Body: &smpp.SubmitSMResp{MessageID: "0123456789"}}
		if b, ok := r.Body.(*smpp.Bind); ok {
			out[i].Body = &smpp.BindResp{Mode: b.Mode}
			s.SetBound(b.Mode)
		}
	}
	_ = s.Respond(out)
}

func (benchSMSC) Responses(*smpp.Session, []smpp.Response) {}

// BenchmarkSMPP sends messages of 100 characters over a link to an SMSC in the
// same process: two sides of a session, and ours above one of them.
func BenchmarkSMPP(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = smpp.NewSession(conn, smpp.SessionConfig{Role: smpp.SMSC}, benchSMSC{}).Run(context.Background())
			}()
		}
	}()
	link := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}, Remote: Remote{Hosts: []string{ln.Addr().String()}, Window: 100, Lookahead: 100}, SystemID: "kurir"}, NewShared(), nil)
	core := &benchCore{up: make(chan uint32, 1), link: link, done: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { link.Run(ctx, core); close(ended) }()
	session := <-core.up
	text := "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	var out []*Outgoing
	for range 200 {
		o := contractMessage(text)
		o.Message.Expires = time.Now().Add(48 * time.Hour).UnixMilli()
		out = append(out, o)
	}
	b.ReportAllocs()
	b.ResetTimer()
	core.left.Store(int64(b.N))
	link.Send(session, out)
	<-core.done
	b.StopTimer()
	stop()
	<-ended
}

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kurir/smpp"
)

// customer sends over SMPP as fast as the window allows, or at his pace, binds again whenever the connection is gone, and books
// receipts.
type customer struct {
	ledger *ledger
	window int
	to     func() string
	pace   time.Duration                                                     // one message each; 0: as fast as the window allows
	limit  time.Duration                                                     // after which he goes to the next server if none is accepted; 0: he stays
	dial   func(ctx context.Context, network, addr string) (net.Conn, error) // nil: TCP from here
	taken  func()                                                            // called for each message that was accepted, if not nil

	name string       // before the numbers of his references
	last atomic.Int64 // when a message was accepted last, in nanoseconds
}

// Requests implements smpp.Handler: receipts.
func (c *customer) Requests(s *smpp.Session, requests []smpp.PDU) {
	answers := make([]smpp.PDU, 0, len(requests))
	for i := range requests {
		p := &requests[i]
		if d, ok := p.Body.(*smpp.DeliverSM); ok && smpp.IsReceipt(d.ESMClass) {
			if r, ok := smpp.ReceiptFrom(d); ok && r.State.Final() {
				c.ledger.receipt(r.ID)
			}
		}
		answers = append(answers, smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence, Body: &smpp.DeliverSMResp{}})
	}
	_ = s.Respond(answers)
}

// Responses implements smpp.Handler: what was accepted.
func (c *customer) Responses(_ *smpp.Session, responses []smpp.Response) {
	for _, r := range responses {
		ref, _ := r.Ref.(string)
		body, ok := r.PDU.Body.(*smpp.SubmitSMResp)
		switch {
		case r.Err != nil:
			c.ledger.refuse("no answer")
		case r.PDU.Status != smpp.ESME_ROK || !ok:
			c.ledger.refuse(r.PDU.Status.String())
		default:
			c.ledger.accept(body.MessageID, ref)
			c.last.Store(time.Now().UnixNano())
			if c.taken != nil {
				c.taken()
			}
		}
	}
}

// run sends until ctx ends, and stays bound for receipts until stay ends. When the connection ends, or nothing is accepted for too
// long, it goes to the next server.
func (c *customer) run(ctx, stay context.Context, addrs ...string) {
	c.name = c.ledger.name("s")
	for i := 0; stay.Err() == nil; i++ {
		d := smpp.Dialer{
			Hosts: addrs[i%len(addrs):][:1], Dial: c.dial,
			Bind:    smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: password},
			Session: smpp.SessionConfig{Window: c.window, BindTimeout: c.limit},
		}
		if s, _, err := d.Connect(stay, c); err == nil {
			c.serve(ctx, stay, s)
		}
		pause := time.NewTimer(50 * time.Millisecond)
		select {
		case <-pause.C:
		case <-stay.Done():
		}
	}
}

// serve uses a session until it ends.
func (c *customer) serve(ctx, stay context.Context, s *smpp.Session) {
	c.last.Store(time.Now().UnixNano())
	go c.send(ctx, s)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-s.Done():
			return
		case <-stay.Done():
		case <-look.C:
			if c.limit == 0 || ctx.Err() != nil || time.Since(time.Unix(0, c.last.Load())) < c.limit {
				continue
			}
		}
		s.Close(nil)
		<-s.Done()
		return
	}
}

func (c *customer) send(ctx context.Context, s *smpp.Session) {
	tick, most := cmp.Or(c.pace, 2*time.Millisecond), 10
	if c.pace > 0 {
		most = 1
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Done():
			return
		case <-ticker.C:
		}
		n := min(s.Room(), most)
		requests := make([]smpp.Request, 0, n)
		for range n {
			ref := c.ledger.next(c.name)
			requests = append(requests, smpp.Request{Body: shortText(c.to(), ref+" "+textMark), Ref: ref})
		}
		taken, err := s.Send(requests)
		for range len(requests) - taken {
			c.ledger.refuse("not sent")
		}
		if err != nil {
			return
		}
	}
}

// someone names one phone after the other.
func someone() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("4670%07d", n.Add(1)%90000) }
}

// poster sends over HTTP, REST and Kannel's interface in turn, to the servers in turn, one message a request.
type poster struct {
	servers []*server
	ledger  *ledger
	to      func() string
	dlr     string        // address of the customer's own server
	key     string        // of REST, which alone is used then; the account's if empty
	pace    time.Duration // between messages
	limit   time.Duration // after which a request is given up; 10 s if 0
}

// run sends until ctx ends.
func (p *poster) run(ctx context.Context) {
	name := p.ledger.name("h")
	for i := 0; ctx.Err() == nil; i++ {
		pause := p.pace
		n, kannel := i/2, i%2 == 1
		if p.key != "" {
			n, kannel = i, false
		}
		one := *p.servers[n%len(p.servers)].rest
		one.client = &http.Client{Timeout: cmp.Or(p.limit, 10*time.Second), Transport: one.client.Transport}
		one.key = cmp.Or(p.key, one.key)
		ref := p.ledger.next(name)
		switch id, status := p.one(&one, ref, kannel); {
		case id != "":
			p.ledger.accept(id, ref)
		case status == 0:
			p.ledger.refuse("no answer")
			pause = max(pause, 20*time.Millisecond) // the server is down
		default:
			p.ledger.refuse(fmt.Sprint(status))
		}
		if pause == 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// one sends one message; id is empty if it was not accepted.
func (p *poster) one(r *rest, ref string, kannel bool) (id string, status int) {
	if !kannel {
		body, _ := json.Marshal(map[string]string{"to": "+" + p.to(), "text": ref + " " + textMark, "webhook": p.dlr + "/state"})
		status, answer, _, _ := r.do(http.MethodPost, "/v1/messages", "application/json", strings.NewReader(string(body)))
		var accepted struct{ Messages []viewed }
		if status == http.StatusAccepted && json.Unmarshal(answer, &accepted) == nil && len(accepted.Messages) == 1 {
			id = accepted.Messages[0].ID
		}
		return id, status
	}
	q := url.Values{
		"username": {account}, "password": {password}, "to": {p.to()}, "text": {ref + " " + textMark},
		"dlr-mask": {"3"}, "dlr-url": {p.dlr + "/dlr?id=%I&d=%d"},
	}
	status, _, header, _ := r.do(http.MethodGet, "/cgi-bin/sendsms?"+q.Encode(), "", nil)
	if status == http.StatusAccepted {
		id = header.Get("X-Message-Id")
	}
	return id, status
}

// book takes what a hook gets for the ledger until it is closed.
func (l *ledger) book(t testing.TB, h *hook) {
	go func() {
		for {
			select {
			case c := <-h.calls:
				if c.Path == "/dlr" {
					l.receipt(c.Query.Get("id"))
					continue
				}
				e := event{}
				if json.Unmarshal(c.Body, &e) == nil && final[e.Data.State] {
					l.receipt(e.Data.ID)
				}
			case <-t.Context().Done():
				return
			}
		}
	}()
}

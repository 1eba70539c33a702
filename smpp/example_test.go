package smpp_test

import (
	"context"
	"fmt"
	"net"

	"kurir/smpp"
)

// gateway answers submit_sm with an id, and delivers a receipt for each.
type gateway struct{}

func (gateway) Requests(s *smpp.Session, requests []smpp.PDU) {
	for _, p := range requests {
		m, ok := p.Body.(*smpp.SubmitSM)
		if !ok {
			_ = s.Respond([]smpp.PDU{{Command: p.Command.Response(), Status: smpp.ESME_RINVCMDID, Sequence: p.Sequence}})
			continue
		}
		_ = s.Respond([]smpp.PDU{{Sequence: p.Sequence, Body: &smpp.SubmitSMResp{MessageID: "17"}}})
		receipt := smpp.Receipt{ID: "17", State: smpp.MessageDelivered}
		_, _ = s.Send([]smpp.Request{{Body: &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
			Source: m.Dest, Dest: m.Source, ESMClass: smpp.ESMReceipt, Text: receipt.Append(nil),
		}}}})
	}
}

func (gateway) Responses(*smpp.Session, []smpp.Response) {}

// customer prints what comes back for what it has sent.
type customer struct{ done chan struct{} }

func (c customer) Requests(s *smpp.Session, requests []smpp.PDU) {
	for _, p := range requests {
		if d, ok := p.Body.(*smpp.DeliverSM); ok && smpp.IsReceipt(d.ESMClass) {
			r, _ := smpp.ReceiptFrom(d)
			fmt.Println("receipt:", r.ID, r.State)
		}
		_ = s.Respond([]smpp.PDU{{Command: p.Command.Response(), Sequence: p.Sequence}})
	}
	close(c.done)
}

func (c customer) Responses(_ *smpp.Session, responses []smpp.Response) {
	for _, r := range responses {
		fmt.Println("response:", r.Ref, r.PDU.Status, r.PDU.MessageID(), r.Err)
	}
}

// A server and a client in one program: bind, submit, receipt, unbind.
func Example() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	server := smpp.Server{SystemID: "kurir", Bind: func(_ *smpp.Session, b *smpp.Bind) (smpp.Status, smpp.Handler) {
		if b.SystemID != "acme" || b.Password != "secret" {
			return smpp.ESME_RINVPASWD, nil
		}
		return smpp.ESME_ROK, gateway{}
	}}
	served := make(chan error)
	go func() { served <- server.Serve(ctx, ln) }()

	client := smpp.Dialer{Hosts: []string{ln.Addr().String()}, Bind: smpp.Bind{SystemID: "acme", Password: "secret"}}
	c := customer{make(chan struct{})}
	session, _, err := client.Connect(ctx, c)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = session.Send([]smpp.Request{{Ref: "first", Body: &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source:             smpp.Address{TON: smpp.TONAlphanumeric, Addr: "Kurir"},
		Dest:               smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: "46701234567"},
		RegisteredDelivery: smpp.ReceiptFinal,
		Text:               []byte("Hej"),
	}}}})
	if err != nil {
		fmt.Println(err)
	}
	<-c.done
	_ = session.Unbind(ctx)
	<-session.Done()
	stop()
	fmt.Println("end:", session.Err(), <-served)
	// Output:
	// response: first ESME_ROK: no error 17 <nil>
	// receipt: 17 DELIVERED
	// end: unbound <nil>
}

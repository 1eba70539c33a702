package cimd2_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
)

// smsc takes every message, and reports it as delivered.
type smsc struct{}

func (smsc) Requests(s *cimd2.Session, requests []*cimd2.Packet) {
	for _, p := range requests {
		var m cimd2.Submit
		if err := p.Read(&m); err != nil {
			_ = s.Respond([]*cimd2.Packet{p.Refuse(cimd2.ErrUnexpectedOperation, "")})
			continue
		}
		fmt.Println("submit:", m.Destinations[0], gsm.DecodeGSM7(m.Septets()))
		at := cimd2.FormatTime(time.Date(2026, 11, 21, 20, 26, 47, 0, time.UTC), time.UTC)
		answer, _ := p.Answer(&cimd2.SubmitResp{Results: []cimd2.SubmitResult{{Destination: m.Destinations[0], Timestamp: at}}})
		_ = s.Respond([]*cimd2.Packet{answer})
		report, _ := cimd2.New(&cimd2.StatusReport{Report: cimd2.Report{Destination: m.Destinations[0], Timestamp: at, Status: cimd2.StatusDelivered}})
		_, _ = s.Send([]cimd2.Request{{PDU: report}})
	}
}

func (smsc) Responses(*cimd2.Session, []cimd2.Response) {}

// application prints what comes back for what it has sent.
type application struct{ done chan struct{} }

func (a application) Requests(s *cimd2.Session, requests []*cimd2.Packet) {
	for _, p := range requests {
		var r cimd2.StatusReport
		if p.Read(&r) == nil {
			fmt.Println("report:", r.Destination, r.Timestamp, r.Status)
		}
		if answer, err := p.Answer(nil); err == nil {
			_ = s.Respond([]*cimd2.Packet{answer})
		}
	}
	close(a.done)
}

func (a application) Responses(_ *cimd2.Session, responses []cimd2.Response) {
	for _, r := range responses {
		fmt.Println("response:", r.Ref, r.PDU, r.Err)
	}
}

// A server and a client in one program: login, submit, status report, logout.
func Example() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	server := cimd2.NewServer(func(_ *cimd2.Session, l *cimd2.Login) (cimd2.ErrorCode, cimd2.Handler) {
		if l.User != "acme" || l.Password != "secret" {
			return cimd2.ErrLogin, nil
		}
		return cimd2.NoError, smsc{}
	})
	served := make(chan error)
	go func() { served <- server.Serve(ctx, ln) }()

	client := cimd2.Dialer{Hosts: []string{ln.Addr().String()}, User: "acme", Password: "secret"}
	a := application{make(chan struct{})}
	session, err := client.Connect(ctx, a)
	if err != nil {
		fmt.Println(err)
		return
	}
	septets, _ := gsm.AppendGSM7(nil, "Hej åäö")
	message, err := cimd2.New(&cimd2.Submit{
		Destinations: []string{"46701234567"}, AlphaOriginator: "Kurir", Reports: cimd2.Some(int(cimd2.ReportsFinal)),
		UserData: cimd2.UserData{Data: septets},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err = session.Send([]cimd2.Request{{PDU: message, Ref: "first"}}); err != nil {
		fmt.Println(err)
	}
	<-a.done
	session.End(ctx)
	stop()
	fmt.Println("end:", session.Err(), <-served)
	// Output:
	// submit: 46701234567 Hej åäö
	// response: first submit response number=3 021=46701234567 060=261121202647 <nil>
	// report: 46701234567 261121202647 delivery successful
	// end: left in good order <nil>
}

package api

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/cimd2"
	"kurir/ucp"
	"kurir/wire"
)

// fuzzCustomer lets a customer send octets, behind his log-in if there is one in them, while he is owed all kinds of things.
// Whatever he sends: nothing panics, nothing that he is owed is lost, and the server ends.
func fuzzCustomer[P wire.PDU](t *testing.T, accounts []account.Account, make func(core smppCore, o WireOptions) *wireServer[P], octets []byte) {
	synctest.Test(t, func(t *testing.T) {
		b := newWireBench(accounts, make)
		ctx, stop := context.WithCancel(t.Context())
		done := b.serve(ctx)
		conn, err := b.dial(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, conn) //nolint:errcheck // until it is closed
		_, _ = conn.Write(octets[:len(octets)/2])
		synctest.Wait()
		owed := append(smppItems(70), b.gateway.become(0)...)
		b.server.Deliver("acme", owed)
		_, _ = conn.Write(octets[len(octets)/2:])
		time.Sleep(time.Second)
		_ = conn.Close()
		time.Sleep(11 * time.Second) // questions to the gateway are over
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := len(b.gateway.take()); n != len(owed) {
			t.Errorf("%d verdicts on %d items", n, len(owed))
		}
		if len(b.server.peers)+len(b.server.customers) != 0 {
			t.Error("a session is left")
		}
	})
}

// FuzzUCPCustomer: a whole session of a customer over UCP.
func FuzzUCPCustomer(f *testing.F) {
	login := ucpFrames(f, &ucp.PDU{Op: ucp.OpSession, Body: ucp.OpenSession("acme", "secret")})
	later := ucpText("46701234567", "later")
	later.DD, later.DDT, later.VP = '1', "0101000300", "0101000500"
	named := &ucp.Message{AdC: "46701234567", OAdC: "6000", SCTS: "010100000000"}
	all := ucpFrames(
		f,
		&ucp.PDU{Op: ucp.OpSubmit, Body: ucpText("46701234567", "hello")}, &ucp.PDU{Op: ucp.OpSubmit, Body: later},
		&ucp.PDU{Op: ucp.OpTransfer, Body: &ucp.Transfer{AdC: "0701234567", Msg: []byte("x")}},
		&ucp.PDU{Op: ucp.OpCallInput, Body: &ucp.CallInput{AdC: "46701234568", MT: ucp.MTDigits, Msg: []byte("12345")}},
		&ucp.PDU{Op: ucp.OpInquire, Body: named}, &ucp.PDU{Op: ucp.OpModify, Body: ucpText("46701234567", "y")}, &ucp.PDU{Op: ucp.OpDelete, Body: named},
		&ucp.PDU{Op: ucp.OpNotify, Result: true, Body: &ucp.Result{}}, &ucp.PDU{TRN: 1, Op: ucp.OpNotify, Result: true, Body: &ucp.Result{Code: ucp.CodeSystem}},
		&ucp.PDU{Op: ucp.OpAlert, Body: &ucp.Alert{AdC: "6000", PID: ucp.PIDTCP}},
	)
	f.Add(append(login, all...))
	f.Add(append(all, login...))
	f.Add([]byte("\x02\x03\x02"))
	accounts := wireAccounts(func(a *account.Account, l account.Login) { a.UCP = l }, "8888")
	f.Fuzz(func(t *testing.T, octets []byte) { fuzzCustomer(t, accounts, newUCPWire, octets) })
}

func ucpFrames(f *testing.F, list ...*ucp.PDU) (frames []byte) {
	f.Helper()
	for _, p := range list {
		var err error
		if frames, err = ucp.Append(frames, p); err != nil {
			f.Fatal(err)
		}
	}
	return frames
}

// FuzzCIMD2Customer: a whole session of a customer over CIMD2.
func FuzzCIMD2Customer(f *testing.F) {
	var frames []byte
	for i, body := range []cimd2.Body{
		&cimd2.Login{User: "acme", Password: "secret", Window: cimd2.Some(10)},
		cimd2Text("hello", "46701234567"), cimd2Text("hello", "46701234567", "0701234567"),
		&cimd2.Enquire{Destination: "46701234567", Timestamp: "000101000000"},
		&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelTimestamp), Destination: "46701234567", Timestamp: "000101000000"},
		&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: "0701234567"},
		&cimd2.DeliveryRequest{}, &cimd2.Get{Item: cimd2.Some(int(cimd2.ParamTime))}, &cimd2.Set{Password: "x"},
	} {
		p, err := cimd2.New(body)
		if err != nil {
			f.Fatal(err)
		}
		p.Seq = uint8(2*i + 1)
		if frames, err = cimd2.Append(frames, p); err != nil {
			f.Fatal(err)
		}
	}
	for _, answer := range []string{"\x0273:000\t\x03", "\x0299:002\t\x03", "\x0270:004\t\x03", "\x0298:006\t900:1\t\x03", "\x0202:019\t\x03"} {
		frames = append(frames, answer...)
	}
	f.Add(frames)
	f.Add([]byte("\x0203:001\t\x03"))
	accounts := wireAccounts(func(a *account.Account, l account.Login) { a.CIMD2 = l }, "otherbox")
	f.Fuzz(func(t *testing.T, octets []byte) { fuzzCustomer(t, accounts, newCIMD2Wire, octets) })
}

package api

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/cimd2"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

func TestCIMD2States(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		sent := cimd2Sent(t, c, cimd2Text("x", "0701234567"))[0]
		for _, test := range []struct {
			state message.State
			want  cimd2.Status
			fault int
		}{
			{message.Buffered, cimd2.StatusInProcess, 0},
			{message.Delivered, cimd2.StatusDelivered, 0},
			{message.Expired, cimd2.StatusExpired, 0},
			{message.Undeliverable, cimd2.StatusFailed, 0},
			{message.Rejected, cimd2.StatusFailed, 0},
			{message.Deleted, cimd2.StatusCancelled, 0},
			{message.Unknown, cimd2.StatusLastNoResponse, 0},
		} {
			if v := b.deliver(b.gateway.become(test.state)...); v[gateway.Acknowledged] != 1 {
				t.Fatalf("%v: %v", test.state, v)
			}
			var r cimd2.StatusReport
			p := c.received()[0]
			if err := p.Read(&r); err != nil || r.Destination != "0701234567" || r.Timestamp != sent.Timestamp || r.Status != test.want || r.Error.Or(0) != test.fault ||
				r.Discharge != cimd2.FormatTime(time.Now(), time.UTC) {
				t.Errorf("%v: %s, %v", test.state, p, err)
			}
		}
		odd := &message.Message{Via: message.ViaCIMD2, Reference: "at:20261129180000:070 123/" + strings.Repeat("4", 30)}
		if v := b.deliver(&gateway.Item{Message: odd, State: message.Delivered}); v[gateway.Acknowledged] != 1 {
			t.Errorf("an odd recipient: %v", v)
		}
	})
}

// TestCIMD2DeliverEnd: nothing that a session had is lost when it is cut off.
func TestCIMD2DeliverEnd(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		one, two := b.mustLogin(), b.mustLogin()
		if v := b.deliver(smppItems(40)...); v[gateway.Acknowledged] != 40 {
			t.Errorf("%v", v)
		}
		if n, m := len(one.received()), len(two.received()); n < 10 || m < 10 {
			t.Errorf("spread %d and %d", n, m)
		}
		one.reply(nil)
		two.reply(nil)
		b.server.Deliver("acme", smppItems(200))
		synctest.Wait()
		one.Close(nil)
		synctest.Wait()
		first := smppCount(b.gateway.take())
		time.Sleep(31 * time.Second) // the other is given up
		synctest.Wait()
		second := smppCount(b.gateway.take())
		if first[gateway.TryLater] == 0 || first[gateway.NobodyThere] != 0 || first[gateway.TryLater]+second[gateway.TryLater]+second[gateway.NobodyThere] != 200 {
			t.Errorf("%v, %v", first, second)
		}
	})
}

func TestCIMD2Inbound(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		long := strings.Repeat("Ж", 100)
		named := ucpInbound("named", gsm.GSM7)
		named.From, named.To = message.Address{TON: message.TONAlphanumeric, Number: "Kurir"}, message.Address{Number: "Info"}
		nobody := ucpInbound("", gsm.GSM7)
		nobody.From, nobody.To = message.Address{}, message.Address{}
		v := b.deliver(
			&gateway.Item{Inbound: ucpInbound("Hej @ _", gsm.GSM7)}, &gateway.Item{Inbound: ucpInbound(long, gsm.UCS2)},
			&gateway.Item{Inbound: named}, &gateway.Item{Inbound: nobody},
		)
		got := c.received()
		if v[gateway.Acknowledged] != 4 || len(got) != 5 {
			t.Fatalf("%v, %d packets", v, len(got))
		}
		list := make([]cimd2.Deliver, len(got))
		for i := range got {
			if err := got[i].Read(&list[i]); err != nil {
				t.Errorf("%s: %v", got[i], err)
			}
		}
		if d := list[0]; d.Destination != "72345" || d.Originator != "46701234567" || gsm.DecodeGSM7(d.Septets()) != "Hej @ _" || d.Timestamp != "000101000000" {
			t.Errorf("%+v", d)
		}
		if text := gsm.DecodeUCS2(list[1].Data) + gsm.DecodeUCS2(list[2].Data); text != long || list[1].Coding.Value != 8 || len(list[2].Header) != 6 {
			t.Errorf("%q", text)
		}
		if d := list[3]; d.Originator != "0" || d.Destination != "0" {
			t.Errorf("%+v", d)
		}
	})
}

// TestCIMD2Manage: 04, 06 of one and of all, 05, 09 and 08.
func TestCIMD2Manage(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		first := cimd2Sent(t, c, cimd2Text("x", "46701234567"))[0]
		second := cimd2Sent(t, c, cimd2Text("x", "46701234567"))[0]
		national := cimd2Sent(t, c, cimd2Text("x", "0701234568"))[0]
		_ = cimd2Sent(t, c, cimd2Text("x", "46709999967"))
		p, err := cimd2Do(t, c, &cimd2.Enquire{Destination: "+46701234567", Timestamp: second.Timestamp})
		var r cimd2.EnquireResp
		if e := errors.Join(err, p.Read(&r)); e != nil || r.Status != cimd2.StatusInProcess || r.Timestamp != second.Timestamp {
			t.Errorf("04: %s, %v", p, e)
		}
		states := func() (n int) {
			for _, m := range b.gateway.kept {
				if m.State == message.Deleted {
					n++
				}
			}
			return n
		}
		for _, test := range []struct {
			body cimd2.Body
			want error
			gone int // messages, by then
		}{
			{&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelTimestamp), Destination: "46701234567", Timestamp: first.Timestamp}, nil, 1},
			{&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelTimestamp), Destination: "46701234567", Timestamp: first.Timestamp}, cimd2.ErrFailed, 1},
			{&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: "67"}, cimd2.ErrNotFound, 1},
			{&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: "+46701234567"}, nil, 2},
			{&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: "0701234568"}, nil, 3},
			{&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: national.Destination}, cimd2.ErrNotFound, 3},
			{&cimd2.Enquire{Destination: "46701234599", Timestamp: first.Timestamp}, cimd2.ErrNotFound, 3},
			{&cimd2.Set{Password: "new"}, cimd2.ErrPasswordChangeDisabled, 3},
			{&cimd2.Get{Item: cimd2.Some(502)}, cimd2.ErrUnsupportedItem, 3},
		} {
			if _, err := cimd2Do(t, c, test.body); !errors.Is(err, test.want) || states() != test.gone {
				t.Errorf("%+v: %v, %d are gone; want %v, %d", test.body, err, states(), test.want, test.gone)
			}
		}
		p, _ = cimd2Do(t, c, &cimd2.Get{Item: cimd2.Some(int(cimd2.ParamTime))})
		var now cimd2.GetResp
		if err := p.Read(&now); err != nil || now.Time != cimd2.FormatTime(time.Now(), time.UTC) {
			t.Errorf("09: %s, %v", p, err)
		}
		p, _ = cimd2Do(t, c, &cimd2.DeliveryRequest{Mode: cimd2.Some(cimd2.RequestAll)})
		var none cimd2.DeliveryRequestResp
		if err := p.Read(&none); err != nil || none.Count != cimd2.Some(0) {
			t.Errorf("05: %s, %v", p, err)
		}
	})
}

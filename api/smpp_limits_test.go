package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// only makes a directory of one account that binds as acme.
func smppOnly(set account.SMPP) []account.Account {
	return []account.Account{{Name: "acme", Password: "secret", Senders: []string{"*"}, SMPP: set}}
}

func TestSMPPBindKinds(t *testing.T) {
	smppTestWith(t, smppOnly(account.SMPP{Binds: []string{"transceiver"}, Versions: []string{"3.4"}}), func(t *testing.T, b *smppBench) {
		for _, test := range []struct {
			mode    smpp.BindMode
			version smpp.Version
			want    error
		}{
			{smpp.Transmitter, smpp.Version34, smpp.ESME_RBINDFAIL},
			{smpp.Transceiver, smpp.Version50, smpp.ESME_RBINDFAIL},
			{smpp.Transceiver, smpp.Version34, nil},
		} {
			if _, err := b.bind(test.mode, "acme", "secret", test.version); !errors.Is(err, test.want) {
				t.Errorf("%v %v: %v, want %v", test.mode, test.version, err, test.want)
			}
		}
	})
}

// TestSMPPOverWindowWait: requests beyond the window are left unread, and
// answered when there is room.
func TestSMPPOverWindowWait(t *testing.T) {
	smppTestWith(t, smppOnly(account.SMPP{Window: 10, OverWindow: "wait"}), func(t *testing.T, b *smppBench) {
		b.gateway.hold = true
		answers := b.flood(30)
		if len(b.gateway.subs) != 10 {
			t.Fatalf("%d submissions before an answer, want 10", len(b.gateway.subs))
		}
		b.gateway.release()
		synctest.Wait()
		for range 30 {
			if r := <-answers; r.PDU.Status != 0 {
				t.Fatalf("answer %v", r.PDU.Status)
			}
		}
	})
}

func TestSMPPRange(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, takes, leaves string
	}{
		{"46701", "46701234567", "46702234567"},
		{"+4670*", "46701234567", "46801234567"},
		{"46701*, 71", "71234", "72345"},
		{"^4670[12]", "46702234567", "46703234567"},
		{`^\+?71`, "71234", "46711234"},
	} {
		takes := smppRange(test.text)
		if takes == nil || !takes(test.takes) || takes(test.leaves) {
			t.Errorf("%q", test.text)
		}
	}
	for _, text := range []string{"", "*", "(", "[a"} {
		if smppRange(text) != nil {
			t.Errorf("%q means something", text)
		}
	}
}

// TestSMPPDeliverRanged: inbound messages come where their number is wanted,
// receipts anywhere; what nobody wants comes later.
func TestSMPPDeliverRanged(t *testing.T) {
	smppTestWith(t, smppOnly(account.SMPP{AddressRange: "use"}), func(t *testing.T, b *smppBench) {
		var clients []*smppClient
		for _, text := range []string{"71", "72"} {
			c := &smppClient{}
			d := smpp.Dialer{
				Hosts: []string{"pipe:1"}, Dial: b.pipes.dial,
				Bind: smpp.Bind{Mode: smpp.Receiver, SystemID: "acme", Password: "secret", Range: smpp.Address{Addr: text}},
			}
			var err error
			if c.Session, _, err = d.Connect(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			clients = append(clients, c)
		}
		var items []*gateway.Item
		for i, to := range []string{"71111", "72222", "71112", "73333"} {
			items = append(items, &gateway.Item{Inbound: &message.Inbound{
				ID: message.ID(i + 1), From: message.Address{Number: "1"}, To: message.Address{Number: to},
				Content: message.Content{Text: "hi", Class: gsm.NoClass},
			}})
		}
		m := &message.Message{ID: 9, Parts: 1}
		b.server.Deliver("acme", append(items, &gateway.Item{Message: m, State: message.Delivered}))
		synctest.Wait()
		receipts := 0
		for i, c := range clients {
			for _, d := range c.received() {
				if d.ESMClass == smpp.ESMReceipt {
					receipts++
				} else if want := []string{"71", "72"}[i]; !strings.HasPrefix(d.Dest.Addr, want) {
					t.Errorf("session %s got a message to %s", want, d.Dest.Addr)
				}
			}
		}
		v := smppCount(b.gateway.take())
		if receipts != 1 || v[gateway.Acknowledged] != 4 || v[gateway.TryLater] != 1 {
			t.Errorf("%d receipts, verdicts %v", receipts, v)
		}
	})
}

// TestSMPPBindStorm: binds that fail are not answered at once, hold only so many
// connections, and a customer behind the same address gets in beside them.
func TestSMPPBindStorm(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		first := b.mustBind(smpp.Transceiver) // he has bound before
		first.Close(nil)
		synctest.Wait()
		const storm, most = 600, loginPenaltySleeps + loginPenaltyHolds
		ended := make(chan error, storm)
		for range storm {
			go func() {
				d := smpp.Dialer{Hosts: []string{"pipe:1"}, Dial: b.pipes.dial, Bind: smpp.Bind{SystemID: "acme", Password: "guess"}}
				_, _, err := d.Connect(t.Context(), &smppClient{})
				ended <- err
			}()
		}
		synctest.Wait()
		if len(ended) != storm-most {
			t.Errorf("%d of %d have an answer at once, want %d", len(ended), storm, storm-most)
		}
		before := time.Now()
		b.mustBind(smpp.Transceiver)
		time.Sleep(time.Second) // for one who has not bound before the next second has room
		if _, err := b.bind(smpp.Transceiver, "otherbox", "pass2", smpp.Version34); err != nil {
			t.Errorf("another customer: %v", err)
		}
		if took := time.Since(before); took > 2*time.Second {
			t.Errorf("bound after %v", took)
		}
		for range storm {
			if err := <-ended; err == nil {
				t.Error("a guess was let in")
			}
		}
	})
}

// TestSMPPStopInTheMidstOfARefusal: the server ends at once, though the answer to
// a failed bind still waits.
func TestSMPPStopInTheMidstOfARefusal(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		for range loginPenaltySteps {
			if _, err := b.bind(smpp.Transceiver, "acme", "guess", smpp.Version34); err == nil {
				t.Fatal("a guess was let in")
			}
		}
		go func() {
			d := smpp.Dialer{Hosts: []string{"pipe:1"}, Dial: b.pipes.dial, Bind: smpp.Bind{SystemID: "acme", Password: "guess"}}
			_, _, _ = d.Connect(t.Context(), &smppClient{})
		}()
		synctest.Wait()
		began := time.Now()
		t.Cleanup(func() { // the server has ended
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("ended after %v", took)
			}
		})
	})
}

// TestSMPPCongestion: customers of version 5.0 hear how loaded we are, others
// do not.
func TestSMPPCongestion(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		for _, test := range []struct {
			version smpp.Version
			gateway int
			want    uint8
			told    bool
		}{{smpp.Version34, 50, 0, false}, {smpp.Version50, 0, 1, true}, {smpp.Version50, 95, 95, true}} {
			b.gateway.congestion = test.gateway
			c, err := b.bind(smpp.Transceiver, "acme", "secret", test.version)
			if err != nil {
				t.Fatal(err)
			}
			r := c.do(t, smppSubmit("hello")).Body.(*smpp.SubmitSMResp)
			if got, told := r.TLVs.U8(smpp.TagCongestionState); got != test.want || told != test.told {
				t.Errorf("%v: %d %v, want %d", test.version, got, told, test.want)
			}
			c.Close(nil)
			synctest.Wait()
		}
	})
}

// TestSMPPReceiptForms: the zone of dates, the form of ids and the operation
// are those of the account.
func TestSMPPReceiptForms(t *testing.T) {
	t.Parallel()
	directory := account.NewDirectory(smppOnly(account.SMPP{Zone: "Asia/Kolkata", MessageIDs: "decimal", Receipts: "data_sm"}), nil)
	id := message.NewIDs(0, 0).Next(time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC))
	m := &message.Message{ID: id, Parts: 1, Content: message.Content{Text: "x"}}
	m.State, m.Final = message.Delivered, id.Millis()
	p := &smppPeer{server: &SMPPServer{}, tlvs: true}
	p.ids, p.zone = smppFormOf(directory.ByName("acme"), true), directory.ByName("acme").SMPP.Location()
	var b smppDeliverBuilder
	b.reset(p)
	if _, err := b.add(&gateway.Item{Message: m, State: message.Delivered}); err != nil {
		t.Fatal(err)
	}
	number := fmt.Sprint(int64(id))
	want := "id:" + number + " sub:001 dlvrd:001 submit date:2611290130 done date:2611290130 stat:DELIVRD err:000 text:x"
	d := smppAsData(&b.bodies[0])
	if text, _ := d.TLVs.Get(smpp.TagMessagePayload); string(text) != want {
		t.Errorf("text\n got %s\nwant %s", text, want)
	}
	if got, _ := d.TLVs.Get(smpp.TagReceiptedMessageID); string(got) != number+"\x00" || d.ESMClass != smpp.ESMReceipt {
		t.Errorf("receipted_message_id %q, esm_class %#x", got, d.ESMClass)
	}
}

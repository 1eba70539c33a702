package gateway

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/route"
)

// TestRegister: messages from phones get case numbers without a gap and none twice, whatever the disk does, over a
// crash, a restart and a new year; they are found by them.
func TestRegister(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	crashed := t.TempDir()
	bubble(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 12, 31, 22, 59, 0, 0, time.UTC)))
		snap := testSnapshot()
		series := []Series{{Name: "orders", Format: "{year}-{n:4}", Restart: "year", Zone: "Europe/Stockholm"}, {Name: "plain", TLV: "0x1501"}}
		for i := range series {
			series[i].Resolve(nil, func(field, problem string) { t.Errorf("%s %s", field, problem) })
		}
		snap.Series = NewSeriesTable(series)
		snap.Inbound = NewInboundTable([]InboundRule{
			{Keyword: route.Patterns{"order"}, Do: []InboundAction{{Register: "orders"}}},
			{Keyword: route.Patterns{"plain"}, Do: []InboundAction{{Register: "plain"}, {Webhook: "http://127.0.0.1/in"}}},
		})
		var full atomic.Bool
		w := start(t, dir, Options{Snapshot: snap}, func(w *world) { fullDisk(w, &full) })
		write := func(w *world, texts ...string) chan error {
			var list []*message.Inbound
			for _, text := range texts {
				list = append(list, &message.Inbound{
					From: message.Address{TON: 1, Number: "46700000001"}, To: message.Address{TON: 1, Number: "4611111"},
					Content: message.Content{Text: text, Class: -1, Extra: &message.Extra{TLVs: []message.TLV{{Tag: 0x1501, Value: []byte("forged")}, {Tag: 0x1400}}}},
				})
			}
			return w.fakeLink("op1").inbound(list...)
		}
		cases := func(w *world, series string) string {
			list, _, err := w.InboundList(t.Context(), Filter{Series: series, Oldest: true})
			if err != nil {
				t.Error(err)
			}
			got := ""
			for _, in := range list {
				got += in.Case + " "
			}
			return got
		}
		want := func(w *world, series, want string) {
			t.Helper()
			if got := cases(w, series); got != want {
				t.Errorf("%s: %s, want %s", series, got, want)
			}
		}
		good := func(ack chan error) {
			t.Helper()
			if err := <-ack; err != nil {
				t.Fatal(err)
			}
		}
		good(write(w, "order 1"))
		good(write(w, "nothing"))
		good(write(w, "plain 1"))
		synctest.Wait() // what follows is written too: the disk is to fill up with nothing under way
		full.Store(true)
		ack := write(w, "order 2", "order 3")
		synctest.Wait()
		time.Sleep(time.Second)
		if err := <-write(w, "order refused"); err == nil {
			t.Error("a message is taken while the disk is full")
		}
		copyStore(t, dir, crashed) // killed here, those two are sent again by the operator
		full.Store(false)
		good(ack)
		want(w, "orders", "2026-0001 2026-0002 2026-0003 ")
		want(w, "plain", "1 ")
		w.end()

		again := start(t, crashed, Options{Snapshot: snap}, nil)
		want(again, "orders", "2026-0001 ")
		good(write(again, "order 2"))
		want(again, "orders", "2026-0001 2026-0002 ")
		again.end()

		w = start(t, dir, Options{Snapshot: snap}, nil)
		good(write(w, "order 4"))
		time.Sleep(time.Until(time.Date(2026, 12, 31, 22, 59, 59, 0, time.UTC)))
		good(write(w, "order 5"))
		time.Sleep(time.Second)
		good(write(w, "order in a new year"))
		good(write(w, "plain 2"))
		want(w, "orders", "2026-0001 2026-0002 2026-0003 2026-0004 2026-0005 2027-0001 ")
		want(w, "plain", "1 2 ")
		for _, f := range []Filter{{Case: "2026-0004"}, {Case: "2026-0004", Series: "orders", Account: "acme"}} {
			if list, _, err := w.InboundList(t.Context(), f); err != nil || len(list) != 1 || list[0].Content.Text != "order 4" {
				t.Errorf("%+v finds %d messages, %v", f, len(list), err)
			}
		}
		for _, f := range []Filter{{Case: "2026-0009"}, {Case: "2026-0004", Series: "plain"}, {Case: "2026-0004", Account: "beta"}} {
			if list, _, err := w.InboundList(t.Context(), f); err != nil || len(list) != 0 {
				t.Errorf("%+v finds %d messages, %v", f, len(list), err)
			}
		}
		list, _, err := w.InboundList(t.Context(), Filter{Series: "plain", Oldest: true, Limit: 1})
		if err != nil || len(list) != 1 {
			t.Fatal(len(list), err)
		}
		if tlv, _ := list[0].Content.Extra.TLV(0x1501); string(tlv) != "1" || len(list[0].Content.Extra.TLVs) != 2 {
			t.Errorf("SMPP customers get %+v", list[0].Content.Extra)
		}
		states := w.SeriesStates()
		if got := fmt.Sprintf("%s %d %s", states[0].Shown, states[0].Last, states[1].Shown); got != "2027-0001 1 2" {
			t.Errorf("the series stand at %s", got)
		}
		if e := w.ExplainInbound(&message.Inbound{To: message.Address{Number: "4611111"}, Content: message.Content{Text: "order"}}, time.Now()); len(e.Goes) != 2 || e.Goes[0] != "a case number of the series orders" {
			t.Errorf("explained as %q", e.Goes)
		}
		if last := w.SeriesStates()[0].Last; last != 1 {
			t.Errorf("asking took a number: %d", last)
		}
	})
}

// Explain shows where a case number will stand, for it takes none.
func TestExplainCase(t *testing.T) {
	t.Parallel()
	e := ExplainedInbound{}.goes(&Snapshot{}, &message.Inbound{Series: "orders", Targets: []message.Target{
		{Kind: message.ForwardTarget, Address: "+46701234567\nCase {case}"},
	}})
	if want := `forward to +46701234567: "Case {case}"`; len(e.Goes) != 2 || e.Goes[1] != want {
		t.Errorf("explained as %q, want %q", e.Goes, want)
	}
}

func TestSeriesFormat(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"": "7", "{n}": "7", "SE{n:6}": "SE000007", "{year}-{n:5}": "2026-00007", "{n:1}/{year}": "7/2026",
		"SE": "", "{n:0}": "", "{n:13}": "", "{n:x}": "", "{m}": "", "{n": "", "a\n{n}": "", "{n}01234567890123456789012345678901234567": "",
	} {
		s := Series{Name: "s", Format: format}
		wrong := false
		s.Validate(func(string, string) { wrong = true })
		if got, _ := s.label(7, 2026); got != want || wrong != (want == "") {
			t.Errorf("%q: %q, want %q; mistaken: %t", format, got, want, wrong)
		}
	}
	s := Series{Name: "s", Format: "{n}", Restart: "year"}
	wrong := false
	s.Validate(func(string, string) { wrong = true })
	if !wrong {
		t.Error("a series begins anew each year and does not show the year")
	}
}

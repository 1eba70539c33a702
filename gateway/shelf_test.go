package gateway

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

// TestShelfKeepsEverything fills every field that a message has, also those that
// it will have one day.
func TestShelfKeepsEverything(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		s := w.submission("46100001", "a text that is longer than twenty characters, å")
		s.Reference = "ref"
		id := w.submit(s)[0]
		synctest.Wait()
		op.answer(1, op.take()[0], "7f")
		synctest.Wait()

		w.mu.Lock()
		defer w.mu.Unlock()
		e := w.open[id]
		if e == nil || e.station != enroute {
			t.Fatal("the message is not with the operator")
		}
		m := *e.m
		fill(t, reflect.ValueOf(&m).Elem(), "")
		m.ID, m.Log, m.State, m.Owed, m.Final = id, e.m.Log, message.Enroute, false, 0
		m.Content.Data, m.Content.Header, m.Content.Extra = nil, nil, nil // such messages stay whole
		m.Target = message.Target{Kind: message.WebhookTarget, Account: m.Account, Address: "http://127.0.0.1/", Mask: 3}
		m.Links = []string{"op1", "op2"}
		e.m, e.changeIn = &m, 0
		keys := append([]uint64(nil), e.keys...)
		w.shelveOne(e, 0)
		if w.open[id] != nil || w.shelfRefOf(id) == 0 || w.outstanding.one[keys[0]] != nil {
			t.Fatal("the message is not on the shelf")
		}
		back := w.fetch(id)
		if d := cmp.Diff(&m, back.m); d != "" {
			t.Errorf("message off the shelf (-before +after):\n%s", d)
		}
		if d := cmp.Diff(keys, back.keys); d != "" || back.link.name != "op1" || back.station != enroute {
			t.Errorf("entry off the shelf: keys %s, link %s, station %d", d, back.link.name, back.station)
		}
		if w.shelf.len() != 0 || w.outstanding.one[keys[0]] != back {
			t.Error("something of it is still on the shelf")
		}
	})
}

// fill gives every field below v a value of its own.
func fill(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.String:
		v.SetString("x" + path)
	case reflect.Int8, reflect.Int, reflect.Int64:
		v.SetInt(int64(len(path)))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(1 + len(path)%3))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice, reflect.Pointer: // set by the caller
	default:
		t.Fatalf("%s is a %s: say how the shelf keeps it", path, v.Kind())
	}
}

// TestShelfHoldsTheBeginning holds that of a text only what receipts tell of is
// kept where only receipts are told.
func TestShelfHoldsTheBeginning(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "short": "short", strings.Repeat("å", 20): strings.Repeat("å", 20), strings.Repeat("å", 21): strings.Repeat("å", 20),
	} {
		if got := beginning(text, textKept); got != want {
			t.Errorf("beginning of %q is %q", text, got)
		}
	}
}

// TestShelfUsesItsSlabsAgain passes many messages over the shelf.
func TestShelfUsesItsSlabsAgain(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	s.init()
	record := make([]byte, 150)
	var refs []shelfRef
	most := 0
	for i := range 100_000 {
		record[0] = byte(i)
		refs = append(refs, s.store(record))
		if i >= 10_000 {
			if got := s.take(refs[i-10_000]); len(got) != len(record) || got[0] != byte(i-10_000) {
				t.Fatalf("record %d came back as another", i-10_000)
			}
		}
		most = max(most, s.octets())
	}
	if limit := 10_000*160 + 3*slabSize; most > limit {
		t.Errorf("10,000 messages of 150 octets took %d octets, want at most %d", most, limit)
	}
}

// TestManyOnTheShelf lets thousands of messages wait for late receipts, some of
// them over a restart.
func TestManyOnTheShelf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		const n = 2000
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, n)
		var ids []message.ID
		for i := range n {
			s := w.untold(fmt.Sprintf("4610%05d", i), "hello")
			ids = append(ids, w.submit(s)[0])
		}
		synctest.Wait()
		for i, out := range op.take() {
			op.answer(1, out, fmt.Sprintf("%08x", i))
		}
		time.Sleep(shelveAfter + time.Second)
		synctest.Wait()
		if got := w.shelf.len(); got != n {
			t.Fatalf("%d of %d messages are on the shelf", got, n)
		}
		for i := range n / 2 {
			if err := <-op.report(fmt.Sprintf("%08x", i), message.Delivered, ""); err != nil {
				t.Fatal(err)
			}
		}
		w.end()

		w = start(t, dir, Options{}, nil)
		op = w.fakeLink("op1")
		op.core.SessionUp(2, n)
		for i := n / 2; i < n; i++ {
			if err := <-op.report(fmt.Sprintf("%08x", i), message.Delivered, ""); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for _, id := range ids {
			w.wantState(id, message.Delivered)
		}
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestShelfForgetsConfigurations: what messages of one configuration share is
// forgotten with the last of them, however often it is reloaded.
func TestShelfForgetsConfigurations(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		const reloads = 20
		for i := range reloads {
			next := testSnapshot()
			next.Number = uint32(2 + i)
			w.Replace(next)
			w.submit(w.untold("46100001", "hello"), w.untold("46100001", "hello"))
			synctest.Wait()
			for k, o := range op.take() {
				op.answer(1, o, fmt.Sprintf("%d-%d", i, k))
			}
			time.Sleep(2 * shelveAfter)
			if i%2 == 0 { // now those of this configuration and of the one before
				for n := range 4 {
					<-op.report(fmt.Sprintf("%d-%d", i-n/2, n%2), message.Delivered, "46100001")
				}
			}
			synctest.Wait()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.shelf.len() != 2 {
			t.Fatalf("%d messages are on the shelf, want 2", w.shelf.len())
		}
		if n := len(w.shelf.kinds); n > 3 || len(w.shelf.kindOf) > 2 {
			t.Errorf("%d kinds after %d configurations, %d of them found", n, reloads, len(w.shelf.kindOf))
		}
	})
}

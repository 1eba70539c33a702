package connector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// run holds a kind to every point of the contract.
func (k contractKind) run(t *testing.T) {
	k.fill()
	k.test(t, "window and credit", contractCredits)
	if k.window > 1 {
		k.test(t, "answers in any order and twice", contractOrder)
		k.test(t, "no answer", contractNoAnswer)
	}
	k.test(t, "failures are classified", contractFailures)
	for answered := range k.window + 1 {
		k.test(t, fmt.Sprintf("cut after %d answers", answered), func(t *testing.T, b *contractBench) {
			contractCut(t, b, answered)
		})
	}
	k.test(t, "cut with nothing sent", contractCutIdle)
	k.test(t, "silent peer", contractSilent)
	k.test(t, "flapping", contractFlapping)
	k.test(t, "refused for a while", contractRefused)
	k.test(t, "acknowledged after the commit", contractAcks)
	k.test(t, "session over", contractOver)
	k.test(t, "stop", contractStop)
	k.test(t, "granted while it stops", contractStopGrants)
	k.test(t, "granted while it is announced as down", contractDownGrants)
}

func contractCredits(t *testing.T, b *contractBench) {
	if len(b.core.ups) != 1 || b.core.credit != b.kind.credit() {
		t.Fatalf("sessions %v with credit %d, want one with %d", b.core.ups, b.core.credit, b.kind.credit())
	}
	o := b.operator()
	b.send(names("m", b.kind.credit())...)
	same(t, "on the wire", o.taken(), names("m", b.kind.window))
	o.answer("m0", "id0", message.NoFailure)
	synctest.Wait()
	same(t, "after one answer", o.taken(), names("m", b.kind.window+1))
	for i := 1; i < b.kind.credit(); i++ {
		o.answer(fmt.Sprint("m", i), fmt.Sprint("id", i), message.NoFailure)
		synctest.Wait()
	}
	same(t, "in the end", o.taken(), names("m", b.kind.credit()))
	var want []string
	for i := range b.kind.credit() {
		want = append(want, fmt.Sprintf("m%d id%d", i, i))
	}
	same(t, "answers", b.core.answered(), want)
	if st := b.link.Stats(); len(st) != 1 || st[0].State != "bound" || st[0].Session != b.session() || st[0].Window != 0 {
		t.Errorf("stats %+v", st)
	}
}

func contractOrder(t *testing.T, b *contractBench) {
	o := b.operator()
	b.send("a", "b", "c", "d")
	for _, text := range []string{"c", "a", "d", "b"} {
		o.answer(text, "id-"+text, message.NoFailure)
		synctest.Wait()
		o.again(text)
		synctest.Wait()
	}
	b.send("e")
	o.answer("e", "id-e", message.NoFailure)
	synctest.Wait()
	same(t, "answers", b.core.answered(), []string{"c id-c", "a id-a", "d id-d", "b id-b", "e id-e"})
}

func contractFailures(t *testing.T, b *contractBench) {
	o := b.operator()
	kinds := []message.FailureKind{
		message.Throttled, message.Busy, message.Refused, message.BadRecipient, message.BadSender, message.BadContent,
	}
	var want []string
	for _, kind := range kinds {
		if slices.Contains(b.kind.lacks, kind) {
			continue
		}
		b.send(kind.Code())
		o.answer(kind.Code(), "", kind)
		synctest.Wait()
		want = append(want, kind.Code()+" "+kind.Code())
	}
	same(t, "answers", b.core.answered(), want)
	for _, a := range b.core.answers {
		if a.Failure.Code == 0 {
			t.Errorf("%s: the operator's code is lost", a.Failure.Kind.Code())
		}
	}
}

// contractCut: the peer cuts the connection when some of the window has been
// answered. What never reached the wire is named, the rest is uncertain.
func contractCut(t *testing.T, b *contractBench, answered int) {
	o := b.operator()
	out := b.send(names("m", b.kind.credit())...)
	for i := range answered {
		o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
		synctest.Wait()
	}
	wire := o.taken()
	o.cut()
	b.waitUp(2)
	if len(b.core.downs) != 1 || b.core.downs[0].session == b.session() || b.core.downs[0].reason == nil {
		t.Fatalf("ends: %+v", b.core.downs)
	}
	same(t, "unwritten", texts(b.core.downs[0].unwritten), texts(out[len(wire):]))
	if len(b.core.answers) != answered {
		t.Errorf("%d answers, want %d: what was on the wire is uncertain", len(b.core.answers), answered)
	}
	b.send("next")
	same(t, "on the new session", b.operator().taken(), []string{"next"})
}

func contractCutIdle(t *testing.T, b *contractBench) {
	b.operator().cut()
	b.waitUp(2)
	if len(b.core.downs) != 1 || len(b.core.downs[0].unwritten) != 0 {
		t.Errorf("ends: %+v", b.core.downs)
	}
}

func contractNoAnswer(t *testing.T, b *contractBench) {
	o := b.operator()
	b.send("lost", "kept")
	o.answer("kept", "id", message.NoFailure)
	time.Sleep(contractAnswer + time.Second)
	synctest.Wait()
	same(t, "answers", b.core.answered(), []string{"kept id", "lost no_answer"})
	o.answer("lost", "late", message.NoFailure)
	if b.kind.once {
		b.waitUp(2)
		o = b.operator()
	}
	b.send("more")
	o.answer("more", "id2", message.NoFailure)
	synctest.Wait()
	same(t, "after a late answer", b.core.answered(), []string{"kept id", "lost no_answer", "more id2"})
}

func contractSilent(t *testing.T, b *contractBench) {
	b.operator().silent()
	before := time.Now()
	b.waitUp(2)
	if took := time.Since(before); took < contractEnquire || took > contractEnquire+contractAnswer+3*time.Second {
		t.Errorf("a new session after %v", took)
	}
}

func contractFlapping(t *testing.T, b *contractBench) {
	const times = 20
	sent := 0
	for i := range times {
		b.waitUp(i + 1)
		b.send(fmt.Sprint("m", i))
		sent++
		time.Sleep(time.Second)
		b.operator().cut()
	}
	b.waitUp(times + 1)
	seen := map[uint32]bool{}
	for _, s := range b.core.ups {
		if seen[s] {
			t.Errorf("session %d twice", s)
		}
		seen[s] = true
	}
	if len(b.core.downs) != times {
		t.Errorf("%d ends, want %d", len(b.core.downs), times)
	}
	taken := 0
	for _, o := range b.operators {
		taken += len(o.taken())
	}
	if taken != sent {
		t.Errorf("%d on the wire, %d sent", taken, sent)
	}
}

func contractRefused(t *testing.T, b *contractBench) {
	b.mu.Lock()
	b.refuse = true
	b.mu.Unlock()
	b.operator().cut()
	time.Sleep(time.Minute)
	synctest.Wait()
	if st := b.link.Stats(); len(st) != 1 || st[0].State != "down" || st[0].Error == "" {
		t.Errorf("stats %+v", st)
	}
	b.mu.Lock()
	b.refuse = false
	b.mu.Unlock()
	b.waitUp(2)
}

func contractAcks(t *testing.T, b *contractBench) {
	o := b.operator()
	receipt, inbound := o.receipt("id1", message.Delivered), o.inbound("hello")
	synctest.Wait()
	select {
	case s := <-receipt:
		t.Errorf("receipt answered %q before the commit", s)
	case s := <-inbound:
		t.Errorf("message answered %q before the commit", s)
	default:
	}
	b.core.ack(nil)
	if r, i := <-receipt, <-inbound; r != "ok" || i != "ok" {
		t.Errorf("after the commit: %q, %q", r, i)
	}
	if len(b.core.reports) != 1 || b.core.named(b.core.reports[0].OperatorID) != "id1" || b.core.reports[0].State != message.Delivered ||
		b.core.reports[0].Scope != "" {
		t.Errorf("reports %+v", b.core.reports)
	}
	if len(b.core.inbound) != 1 || b.core.inbound[0].Content.Text != "hello" || b.core.inbound[0].Link == "" {
		t.Errorf("inbound %+v", b.core.inbound)
	}
	receipt, inbound = o.receipt("id2", message.Undeliverable), o.inbound("again")
	synctest.Wait()
	b.core.ack(errors.New("disk full"))
	if r, i := <-receipt, <-inbound; r != "later" || i != "later" {
		t.Errorf("when nothing can be written: %q, %q", r, i)
	}
	// An acknowledgement that comes when the session is over harms nobody.
	o.receipt("id3", message.Delivered)
	synctest.Wait()
	o.cut()
	b.waitUp(2)
	b.core.ack(nil)
}

func contractOver(t *testing.T, b *contractBench) {
	old := b.session()
	b.operator().cut()
	b.waitUp(2)
	refused := b.link.Send(old, []*Outgoing{contractMessage("late")})
	synctest.Wait()
	if !slices.Equal(texts(refused), []string{"late"}) || len(b.core.downs) != 1 {
		t.Errorf("refused %v; ends: %+v", texts(refused), b.core.downs)
	}
}

// contractStop: what is on the wire gets its answer, what is not goes back.
func contractStop(t *testing.T, b *contractBench) {
	o := b.operator()
	b.send(names("m", b.kind.window+2)...)
	b.stop()
	synctest.Wait()
	for i := range b.kind.window {
		o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
	}
	<-b.ended
	synctest.Wait()
	if len(b.core.answers) != b.kind.window || !o.unbound() {
		t.Errorf("%s answered, unbound %v", strings.Join(b.core.answered(), ", "), o.unbound())
	}
	if len(b.core.downs) != 1 || len(b.core.downs[0].unwritten) != 2 {
		t.Errorf("ends: %+v", b.core.downs)
	}
}

// contractStopGrants: a gateway that grants on each answer, while the link
// unbinds, has all of it back with the end of the session, and not before the
// last answer.
func contractStopGrants(t *testing.T, b *contractBench) {
	o := b.operator()
	b.send(names("m", b.kind.window+1)...)
	granted := 0
	b.core.grant = func(session uint32) {
		b.link.Send(session, []*Outgoing{contractMessage(fmt.Sprint("late", granted))})
		granted++
	}
	b.stop()
	synctest.Wait()
	for i := range b.kind.window {
		o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
		synctest.Wait()
	}
	<-b.ended
	synctest.Wait()
	b.core.grant = nil
	if len(b.core.answers) != b.kind.window || len(b.core.downs) != 1 {
		t.Fatalf("%s answered, ends: %+v", strings.Join(b.core.answered(), ", "), b.core.downs)
	}
	want := append([]string{fmt.Sprint("m", b.kind.window)}, names("late", b.kind.window)...)
	same(t, "unwritten", texts(b.core.downs[0].unwritten), want)
	same(t, "on the wire", o.taken(), names("m", b.kind.window))
}

// contractDownGrants: what is handed over while the end is told is refused.
func contractDownGrants(t *testing.T, b *contractBench) {
	b.send(names("m", b.kind.window+1)...)
	var refused []*Outgoing
	b.core.late = func(session uint32) {
		b.core.late = nil
		refused = b.link.Send(session, []*Outgoing{contractMessage("late")})
	}
	b.operator().cut()
	b.waitUp(2)
	var told []string
	for _, d := range b.core.downs {
		told = append(told, strings.Join(texts(d.unwritten), ","))
	}
	same(t, "told", told, []string{fmt.Sprint("m", b.kind.window)})
	same(t, "refused", texts(refused), []string{"late"})
}

package gateway

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// A message that waits is changed (cancelled, replaced, moved) by the gateway that has
// it. Where another one is asked to, it asks for the message:
//
//  1. It writes to all others (table mail) and waits.
//  2. The one that has the message drops it from memory and leaves it in a free row, or, when it waits for its time, gives
//     the row to the one that asked; then it answers. One that has
//     granted it to a session answers that it has left. Others do not answer.
//  3. The one that asked claims it, as anything that is free.
//
// A letter is removed in the commit that has its effect. What comes too late does no harm: the message waits
// for whoever claims it.

// letter is what one gateway writes to another: what it is, who wrote it, the
// number of the question, and the message that it is about.
type letter struct {
	kind     letterKind
	from     int
	question int64
	id       message.ID
}

type letterKind uint8

const (
	asksFor letterKind = iota + 1
	gives
	isOut
)

// answerTime is how long another gateway has to answer.
const answerTime = 3 * time.Second

var errLetter = errors.New("not a letter of another server")

func (l *letter) encode() []byte {
	b := []byte{1, byte(l.kind), byte(l.from)}
	b = binary.AppendVarint(b, l.question)
	return binary.AppendVarint(b, int64(l.id))
}

func decodeLetter(b []byte) (l letter, err error) {
	if len(b) < 5 || b[0] != 1 {
		return l, errLetter
	}
	l.kind, l.from = letterKind(b[1]), int(b[2])
	var n int
	if l.question, n = binary.Varint(b[3:]); n <= 0 {
		return l, errLetter
	}
	id, m := binary.Varint(b[3+n:])
	if m <= 0 {
		return l, errLetter
	}
	l.id = message.ID(id)
	return l, nil
}

// post writes a letter. The lock is held.
func (g *Gateway) post(to int, l letter) {
	l.from = g.opt.Node
	g.cur.MailAdd = append(g.cur.MailAdd, store.Mail{Number: int64(g.nextID(g.now())), Node: to, Data: l.encode()})
}

// askFor asks the other gateways for a message and waits for the answer: whether
// it is given, or has left.
func (g *Gateway) askFor(ctx context.Context, id message.ID) (kind letterKind, err error) {
	answer := make(chan letterKind, 1)
	g.mu.Lock()
	nodes := g.peers
	g.mu.Unlock()
	if nodes == nil { // nobody has said
		if nodes, err = g.store.Shares(ctx); err != nil {
			return 0, err
		}
	}
	g.mu.Lock()
	if g.full != nil {
		defer g.mu.Unlock()
		return 0, g.refusal()
	}
	question := int64(g.nextID(g.now()))
	g.asked[question] = answer
	for _, node := range nodes {
		if node != g.opt.Node {
			g.post(node, letter{kind: asksFor, question: question, id: id})
		}
	}
	g.mu.Unlock()
	g.signal()
	defer func() {
		g.mu.Lock()
		delete(g.asked, question)
		g.mu.Unlock()
	}()
	select {
	case kind := <-answer:
		return kind, nil
	case <-time.After(answerTime):
		return 0, hasAnother(id)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// readMail reads what other gateways have written.
func (g *Gateway) readMail(ctx context.Context) error {
	list, err := g.store.MailFor(ctx, g.opt.Node, 100)
	if err != nil {
		return err
	}
	for i := range list {
		l, err := decodeLetter(list[i].Data)
		if err != nil {
			return err
		}
		if err := g.read(ctx, list[i].Number, l); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) read(ctx context.Context, number int64, l letter) error {
	g.mu.Lock()
	if g.full != nil || g.opened[number] != 0 { // its row is being removed
		g.mu.Unlock()
		return nil
	}
	if l.kind == asksFor && l.from != g.opt.Node {
		g.mu.Unlock()
		return g.giveAway(ctx, number, l)
	}
	if l.kind == asksFor { // its own question came back with what another gateway has left: if that had the message, it is here
		l.kind = gives
	}
	defer g.mu.Unlock()
	g.doneWithMail(number)
	if answer := g.asked[l.question]; answer != nil {
		select {
		case answer <- l.kind:
		default: // it has one
		}
	}
	g.signal()
	return nil
}

// doneWithMail removes a letter. The lock is held.
func (g *Gateway) doneWithMail(number int64) {
	for old, seq := range g.opened {
		if seq <= g.done {
			delete(g.opened, old)
		}
	}
	g.opened[number] = g.cur.seq
	g.cur.MailDone = append(g.cur.MailDone, number)
}

// giveAway gives a message to the gateway that asks for it, if it is here. What
// is just being read or written is looked at again.
func (g *Gateway) giveAway(ctx context.Context, number int64, l letter) error {
	r := g.look()
	due, row, err := g.waitsHere(ctx, l.id)
	if err != nil {
		g.endLook(r)
		return err
	}
	g.mu.Lock()
	e, answer := g.fetch(l.id), gives
	switch {
	case g.full != nil, e == nil && r.stale(l.id), e != nil && e.station == accepting:
		g.endReading(r)
		g.mu.Unlock()
		return nil
	case e == nil && row.Link != "":
		g.cur.WaitingRemove = append(g.cur.WaitingRemove, row)
		row.Node = store.Free
		g.cur.WaitingAdd = append(g.cur.WaitingAdd, row)
		g.left(l.id)
	case e == nil && !due, e != nil && e.past != nil:
		answer, due = 0, false
	case e == nil:
	case e.station == waiting:
		due = false
		e.link.lanes.remove(e)
		g.setFree(e)
	case e.station == delayed:
		due = true
		g.move(e, delayed, true)
		g.forget(e) // the heap passes over it
	default:
		answer, due = isOut, false
	}
	g.endReading(r)
	g.doneWithMail(number)
	if due {
		g.giving[l.id] = true
		g.left(l.id) // a look that is under way may have seen it
	} else if answer != 0 {
		g.post(l.from, letter{kind: answer, question: l.question, id: l.id})
	}
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	if err := settledBy(ctx, done); err != nil || !due {
		return err
	}
	return g.giveDue(l)
}

// waitsHere tells whether a row of this gateway's says that a message waits for
// its time, and returns the one by which it waits for a link, if there is one.
func (g *Gateway) waitsHere(ctx context.Context, id message.ID) (due bool, row store.Waiting, err error) {
	node, waits, err := g.store.DueNode(ctx, id)
	if err != nil || waits {
		return waits && node == g.opt.Node, row, err
	}
	list, err := g.store.MessagesByID(ctx, []message.ID{id})
	if err != nil || len(list) == 0 {
		return false, row, err
	}
	g.mu.Lock()
	e := newEntry(list[0])
	e.link = g.link(list[0].Links[0])
	rows := g.waitingRows(e)
	g.mu.Unlock()
	has, err := g.store.WaitingHas(ctx, rows)
	if i := slices.Index(has, true); err == nil && i >= 0 {
		row = rows[i]
	}
	return false, row, err
}

// giveDue gives the row of a message that waits for its time to the gateway that asked for it.
func (g *Gateway) giveDue(l letter) error {
	err := g.store.GiveDue(l.id, g.opt.Node, l.from, g.opt.Term)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.giving, l.id)
	g.left(l.id)
	if err == nil {
		g.post(l.from, letter{kind: gives, question: l.question, id: l.id})
		g.signal()
	}
	return err
}

package gateway

import (
	"context"

	"kurir/message"
)

// DeadStates are the final states of messages that did not arrive, or of which
// nobody knows.
func DeadStates() []message.State {
	return []message.State{message.Expired, message.Undeliverable, message.Rejected, message.Unknown}
}

// Resend accepts a message anew that did not arrive: as another message, with an
// id, a validity and a price of its own, which goes by the routes in force and
// names the first in its trace. account restricts it to one customer's; empty is
// any. The failure says why it cannot be sent again. k is the request's key, nil
// for none.
func (g *Gateway) Resend(ctx context.Context, account string, id message.ID, k *Keyed) (Result, error) {
	m, err := g.Message(ctx, account, id)
	if err != nil {
		return Result{}, err
	}
	a := g.snap.Load().Accounts.ByName(m.Account)
	switch {
	case !m.State.Final():
		return Result{}, message.Fail(message.NotPermitted, "id", "the message is %s; only one that did not arrive can be sent again", m.State)
	case m.State == message.Delivered || m.State == message.Sent || m.State == message.Deleted:
		return Result{}, message.Fail(message.NotPermitted, "id", "the message was %s; only one that did not arrive can be sent again", m.State)
	case a == nil:
		return Result{}, message.Fail(message.NotPermitted, "id", "there is no account %s any more", m.Account)
	case m.Content.Text == "" && len(m.Content.Data) == 0:
		return Result{}, message.Fail(message.BadContent, "id", "the text was erased: it is secret, or retention.texts is over")
	}
	sub := &Submission{
		Account: a, Keyed: k, Via: m.Via, FromAddr: m.From, ToAddr: m.To, Content: m.Content,
		Priority: m.Priority, Reference: m.Reference, Receipts: m.Receipts, Target: m.Target, Resent: id, Secret: m.Secret(), Tag: m.Tag(),
		Dimensions: g.snap.Load().Dimensions.Known(m.Dimensions()),
	}
	if m.From.String() == a.Sender {
		sub.FromAddr = message.Address{} // the account's own needs no permission
	}
	results, err := g.Submit(ctx, []*Submission{sub})
	if err != nil {
		return Result{}, err
	}
	if f := results[0].Failure; f != nil {
		return Result{}, f
	}
	return results[0], nil
}

package account

import "kurir/message"

// Rewriting is how senders and recipients of a customer's messages are written otherwise before anything else looks at
// them. Nil is as they are.
type Rewriting struct {
	Source, Destination *message.AddressRules
}

// newRewriting compiles rules that Validate found nothing wrong with; nil if there are none.
func newRewriting(source, destination []message.AddressRule) *Rewriting {
	if len(source)+len(destination) == 0 {
		return nil
	}
	return &Rewriting{message.NewAddressRules(source), message.NewAddressRules(destination)}
}

// Rewrite returns the addresses as they are to be: the recipient first, by which the sender may go.
func (r *Rewriting) Rewrite(from, to message.Address, networks message.NetworkOf) (_, _ message.Address) {
	to, _ = r.Destination.Rewrite(to, to, networks)
	from, _ = r.Source.Rewrite(from, to, networks)
	return from, to
}

// Rewriting returns how addresses of the customer are rewritten; nil for most.
func (a *Account) Rewriting() *Rewriting { return a.rewriting }

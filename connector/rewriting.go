package connector

import "kurir/message"

// rewriting is how addresses are shown to the operator of a link.
type rewriting struct {
	source, destination *message.AddressRules
	networks            message.NetworkOf
}

// with returns the same by what networks knows.
func (r rewriting) with(networks message.NetworkOf) *rewriting {
	r.networks = networks
	return &r
}

// sender returns how the sender of a message is shown, and by which rule, nil for none.
func (r *rewriting) sender(from, to message.Address) (message.Address, *message.AddressRule) {
	return r.source.Rewrite(from, to, r.networks)
}

// recipient returns how the recipient is shown, likewise.
func (r *rewriting) recipient(to message.Address) (message.Address, *message.AddressRule) {
	return r.destination.Rewrite(to, to, r.networks)
}

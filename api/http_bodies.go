package api

import (
	"net/http"
	"net/netip"
	"sync"

	"kurir/account"
	"kurir/message"
)

// bodyOwner is whom octets of a body are counted for: the account that has signed
// in, or the network of a client of whom that is not known yet.
type bodyOwner struct {
	account string
	from    netip.Addr
}

// bodyOwnerOf is whom the body of a request is counted for; a is nil before the login.
func bodyOwnerOf(r *http.Request, a *account.Account) bodyOwner {
	if a != nil {
		return bodyOwner{account: a.Name}
	}
	return bodyOwner{from: clientNetwork(remoteAddr(r))}
}

// clientNetwork is what counts as one client: an address, of IPv6 its network of 64 bits.
func clientNetwork(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		network, _ := addr.Prefix(64) // 64 is within range
		return network.Addr()
	}
	return addr
}

// bodyBudget is the memory for bodies that are read, which nobody may use up for
// the others: clients that have not signed in have a small part of it, as anybody
// may be one, and each account has a part.
type bodyBudget struct {
	most      int64 // of all
	account   int64 // of one account
	strangers int64 // of all that have not signed in
	address   int64 // of one of their networks

	mu      sync.Mutex
	all     int64
	unknown int64 // of all, those before the login
	of      map[bodyOwner]int64
}

func newBodyBudget(maxBodies, maxBody int64) *bodyBudget {
	one := maxBody + 1 + zipMemory
	b := &bodyBudget{most: maxBodies, of: map[bodyOwner]int64{}}
	b.account = max(maxBodies/4, 2*one) // with an Idempotency-Key a body is there twice
	b.address = max(maxBodies/64, one)
	b.strangers = max(maxBodies/8, b.address)
	return b
}

// take counts n octets for an owner until give, or tells why it may not have them.
func (b *bodyBudget) take(o bodyOwner, n int64) *problem {
	b.mu.Lock()
	defer b.mu.Unlock()
	stranger := o.account == ""
	switch {
	case !stranger && b.of[o]+n > b.account:
		return tooMuchOf("the account", b.account)
	case stranger && b.of[o]+n > b.address:
		return tooMuchOf("clients of this address that have not signed in", b.address)
	case b.all+n > b.most, stranger && b.unknown+n > b.strangers:
		return tooManyBodies()
	}
	b.add(o, n)
	return nil
}

// give gives back n octets that were taken.
func (b *bodyBudget) give(o bodyOwner, n int64) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(o, -n)
}

func (b *bodyBudget) add(o bodyOwner, n int64) {
	b.all += n
	if o.account == "" {
		b.unknown += n
	}
	if b.of[o] += n; b.of[o] == 0 {
		delete(b.of, o)
	}
}

// inUse is how many octets are counted.
func (b *bodyBudget) inUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// tooManyBodies refuses what does not fit into the memory for bodies.
func tooManyBodies() *problem {
	return &problem{
		Status: http.StatusServiceUnavailable, Code: message.Overloaded.Code(), RetryAfter: 1,
		Detail: "too many large requests at once; try again later",
	}
}

// tooMuchOf refuses what is more than one client may have of that memory.
func tooMuchOf(who string, most int64) *problem {
	return &problem{
		Status: http.StatusTooManyRequests, Code: message.Overloaded.Code(), RetryAfter: 1,
		Detail: "bodies of large requests of " + who + " may take " + sizeText(most) + " at a time; try again when some are answered",
	}
}

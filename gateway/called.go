package gateway

import (
	"strings"

	"kurir/message"
)

// CalledAt names the address that a target of a kind that is called leads to,
// as it is shown to people: without user, query and fragment, which may have
// secrets. Empty for what is not called.
func CalledAt(t message.Target) string {
	switch {
	case !t.Kind.Called():
		return ""
	case t.Kind == message.MailTarget:
		return message.ReadMailReturn(t.Address).Author
	case t.Kind == message.ServiceTarget:
		s, _ := ParseService(t.Address) // one that cannot be read has no address
		return ShownURL(s.URL())
	}
	return ShownURL(t.Address)
}

// ShownURL gives an address without user, query and fragment.
func ShownURL(address string) string {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(host, '@')
	if at < 0 {
		return address
	}
	return scheme + "://" + host[at+1:] + path
}

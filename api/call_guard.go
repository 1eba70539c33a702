package api

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
)

// Guard decides which addresses Kurir calls for its customers. An address
// that stands in the file is trusted. One that a request names must lead to a
// public address of the internet, or into a network that webhooks.allow names;
// this is held at dial time against the address that the name resolved to, so
// that a name which changes its mind does not get around it.
//
// A Guard is shared by everything that calls and is safe for concurrent use.
type Guard struct {
	rules atomic.Pointer[guardRules]
}

type guardRules struct {
	allow   []netip.Prefix
	trusted map[string]bool
}

// NewGuard returns a Guard that trusts nothing and allows public addresses
// only.
func NewGuard() *Guard {
	g := &Guard{}
	g.Replace(nil, nil)
	return g
}

// Replace puts a new configuration into force: the networks of webhooks.allow,
// and every webhook and dlr_url that stands in the file.
func (g *Guard) Replace(allow []netip.Prefix, trusted []string) {
	r := &guardRules{allow: allow, trusted: make(map[string]bool, len(trusted))}
	for _, address := range trusted {
		r.trusted[address] = true
	}
	g.rules.Store(r)
}

// Trusted tells whether the address stands in the file.
func (g *Guard) Trusted(address string) bool { return g.rules.Load().trusted[address] }

// maxCallURL bounds an address that a customer gives, in octets.
const maxCallURL = 2000

// Check tells what is wrong with an address that a request names, as far as
// that is known before it is called.
func (g *Guard) Check(address string) error {
	if g.Trusted(address) {
		return nil
	}
	if len(address) > maxCallURL {
		return fmt.Errorf("the address is longer than %d octets", maxCallURL)
	}
	u, err := parseCallURL(address)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil && !g.permits(addr) {
		return forbiddenError{addr}
	}
	if host == "localhost" && !g.permits(netip.AddrFrom4([4]byte{127, 0, 0, 1})) && !g.permits(netip.IPv6Loopback()) {
		return forbiddenError{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return nil
}

// forbiddenError says that an address may not be called.
type forbiddenError struct{ addr netip.Addr }

// Error implements error.
func (e forbiddenError) Error() string {
	return e.addr.String() + " is not a public address; the administrator can permit it in webhooks.allow"
}

// addressError says what is wrong with an address that can never be called.
type addressError string

// Error implements error.
func (e addressError) Error() string { return string(e) }

const errCallURL = addressError("an address that begins with http:// or https:// and names a host is expected")

// parseCallURL reads an address to call; what is wrong with it is an
// addressError.
func parseCallURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errCallURL
	}
	for i := range len(u.Host) {
		if c := u.Host[i]; c <= ' ' || c >= 0x7f {
			return nil, addressError("the host must be written in ASCII (an international name as xn--)")
		}
	}
	if strings.Contains(u.Host, "%") {
		return nil, addressError("the host must not have a zone")
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, addressError("the port must be a number up to 65535")
		}
	}
	u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20") // which would end the target in the request line
	return u, nil
}

// private are the networks that are not the public internet beyond those that
// netip.Addr knows itself (IANA special-purpose registries, RFC 6890).
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), // relays of 6to4 (RFC 7526)
	netip.MustParsePrefix("198.18.0.0/15"),  // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"),     // Teredo and its like
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // 6to4 carries an IPv4 address
	netip.MustParsePrefix("3fff::/20"),     // documentation (RFC 9637)
}

// public6 is where IANA gives out addresses of IPv6 (RFC 4291 2.4). What lies
// outside is for special purposes or not in use, and some of it carries an IPv4
// address: NAT64, IPv4-translated, IPv4-compatible.
var public6 = netip.MustParsePrefix("2000::/3")

// permits tells whether an address that a request named may be called.
func (g *Guard) permits(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, network := range g.rules.Load().allow {
		if network.Contains(addr) {
			return true
		}
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() { // loopback, link-local, multicast, unspecified; RFC 1918, RFC 4193
		return false
	}
	if addr.Is6() && !public6.Contains(addr) {
		return false
	}
	for _, network := range private {
		if network.Contains(addr) {
			return false
		}
	}
	return true
}

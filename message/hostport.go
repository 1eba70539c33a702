package message

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// HostPortProblem says why an address is not host:port with a port from least to
// 65535; empty: it is. With a least of 0 it is one to listen on: the host may be
// left out. such is an example for the text.
func HostPortProblem(address string, least int, such string) string {
	at := strings.LastIndexByte(address, ':')
	if at < 0 || at == len(address)-1 || at == 0 && least > 0 || strings.ContainsAny(address[:at], "/ \t") {
		return fmt.Sprintf("%.80q is not host:port, such as %s", address, such)
	}
	host, port := address[:at], address[at+1:]
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		bracketed = err == nil && addr.Is6() && strings.HasSuffix(inner, "]")
	}
	if !bracketed && strings.ContainsAny(host, "[]:") {
		return fmt.Sprintf("%.80q is not host:port, such as %s; an IPv6 address stands in brackets", address, such)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || int(n) < least || strconv.FormatUint(n, 10) != port {
		return fmt.Sprintf("%.80q: the port is a number from %d to 65535", address, least)
	}
	return ""
}

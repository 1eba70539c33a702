package api

import "testing"

// Without a limit of its own one address may have all connections: limits.connections_per_address is the listener's matter.
func TestConnectionsPerAddress(t *testing.T) {
	t.Parallel()
	for own, want := range map[int]int{0: 5000, 7: 7} {
		if got := newUCPWire(nil, WireOptions{MaxConnections: 5000, MaxPerIP: own}).server.MaxPerIP; got != want {
			t.Errorf("UCP: %d, want %d", got, want)
		}
		if got := newSMPPServer(nil, SMPPOptions{MaxConnections: 5000, MaxPerIP: own}).server.MaxPerIP; got != want {
			t.Errorf("SMPP: %d, want %d", got, want)
		}
	}
}

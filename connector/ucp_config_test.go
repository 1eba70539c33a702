package connector

import (
	"testing"

	"kurir/ucp"
)

// What the configuration takes as notify_address can be written, and nothing else is taken.
func TestNotifyAddress(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{"": true, "19216800100105000": true, "192168001001050000": false, "192.168.1.1": false} {
		c := UCPConfig{Named: Named{Name: "op"}, Remote: Remote{Hosts: []string{"smsc.example.com:5000"}}, NotifyAddress: address}
		found := ""
		c.Validate(func(field, _ string) { found += field })
		if want := map[bool]string{false: "notify_address"}[good]; found != want {
			t.Errorf("%q: mistakes in %q, want %q", address, found, want)
		}
		_, err := ucp.Append(nil, &ucp.PDU{Op: ucp.OpSubmit, Body: &ucp.Message{AdC: "1", OAdC: "2", NRq: '1', NAdC: address, MT: ucp.MTText}})
		if (err == nil) != good {
			t.Errorf("%q: written with %v", address, err)
		}
	}
}

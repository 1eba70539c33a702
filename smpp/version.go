package smpp

import "fmt"

// Version is the interface_version of a bind: 0x34 for SMPP 3.4 (SMPP 3.4 5.2.4).
type Version uint8

// The versions in use.
const (
	Version33 Version = 0x33
	Version34 Version = 0x34
	Version50 Version = 0x50
)

// Normal maps what peers really send (0x00, 0x03, 0x22, 0x52 have been seen) to one of the three versions: everything
// below 0x34 is 3.3, 0x50 and above is 5.0, the rest is 3.4.
func (v Version) Normal() Version {
	switch {
	case v < Version34:
		return Version33
	case v >= Version50:
		return Version50
	}
	return Version34
}

// TLVs reports whether a peer of this version understands optional parameters: 3.3 must never be sent any
// (SMPP 3.4 section 3.4).
func (v Version) TLVs() bool { return v.Normal() >= Version34 }

// String gives "3.4".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v>>4, v&0x0F) }

// lower gives the version that both sides know.
func lower(a, b Version) Version { return min(a.Normal(), b.Normal()) }

// agreed gives what the SMSC says of its version (0: nothing) and the version in force on an ESME's session, the lower
// of ours and the SMSC's. What the SMSC speaks follows from, in this order, the setting, sc_interface_version (SMPP 3.4
// 5.3.2.25), and convention: nearly every SMSC leaves the parameter out and has optional parameters all the same, so
// it speaks 3.4. A number below that of 3.3 is a mistake of one that does have them, and counts as left out.
func agreed(ours, setting Version, resp *BindResp) (said, inForce Version) {
	if resp != nil {
		said, _ = resp.Version()
	}
	switch {
	case setting != 0:
		return said, lower(ours, setting)
	case said < Version33:
		return said, lower(ours, Version34)
	}
	return said, lower(ours, said)
}

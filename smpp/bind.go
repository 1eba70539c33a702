package smpp

// BindMode says which of the three bind operations is meant: what the ESME wants to do on the session.
type BindMode uint8

// The bind modes. The zero value is a transceiver.
const (
	Transceiver BindMode = iota // sends and receives
	Transmitter                 // the ESME submits
	Receiver                    // the ESME receives deliver_sm
)

// command gives the bind request of the mode.
func (m BindMode) command() CommandID {
	switch m {
	case Transmitter:
		return CommandBindTransmitter
	case Receiver:
		return CommandBindReceiver
	}
	return CommandBindTransceiver
}

// modeOf is the reverse of command.
func modeOf(id CommandID) BindMode {
	switch id {
	case CommandBindTransmitter:
		return Transmitter
	case CommandBindReceiver:
		return Receiver
	}
	return Transceiver
}

// String gives "transceiver", "transmitter" or "receiver".
func (m BindMode) String() string {
	switch m {
	case Transmitter:
		return "transmitter"
	case Receiver:
		return "receiver"
	}
	return "transceiver"
}

// maxPassword is the longest password written in a bind. The specification
// knows 8 characters; operators give out longer ones all the same.
const maxPassword = 64

// Bind is the body of bind_transmitter, bind_receiver and bind_transceiver (SMPP 3.4 4.1).
type Bind struct {
	Mode       BindMode
	SystemID   string // at most 15 characters
	Password   string // at most 8 characters; operators give out more, up to 64 are written and 255 read
	SystemType string // at most 12 characters
	Version    Version
	Range      Address // addresses served by the ESME: a regular expression of at most 40 characters
}

// Command is that of the mode.
func (b *Bind) Command() CommandID { return b.Mode.command() }

func (b *Bind) layout(c *coder) {
	c.cstring("system_id", &b.SystemID, 16, ESME_RINVSYSID)
	c.cstring("password", &b.Password, maxPassword+1, ESME_RINVPASWD)
	c.cstring("system_type", &b.SystemType, 13, ESME_RINVSYSTYP)
	c.u8("interface_version", (*uint8)(&b.Version))
	c.address(fieldRange, &b.Range, 41)
}

// BindResp is the body of the three responses to a bind (SMPP 3.4 4.1.2). sc_interface_version is among the TLVs.
type BindResp struct {
	Mode     BindMode
	SystemID string // the SMSC's name, at most 15 characters
	TLVs     TLVs
}

// Command is that of the mode.
func (b *BindResp) Command() CommandID { return b.Mode.command().Response() }

func (b *BindResp) layout(c *coder) {
	c.cstring("system_id", &b.SystemID, 16, ESME_RINVSYSID)
	c.tlvs(&b.TLVs)
}

// Version gives sc_interface_version. Nearly every SMSC leaves it out, also those that send TLVs, so ok = false is not
// to be read as SMPP 3.3.
func (b *BindResp) Version() (v Version, ok bool) {
	n, ok := b.TLVs.U8(TagSCInterfaceVersion)
	return Version(n), ok
}

// Unbind ends a session; it has no fields (SMPP 3.4 4.2).
type Unbind struct{}

// Command is unbind.
func (*Unbind) Command() CommandID { return CommandUnbind }
func (*Unbind) layout(*coder)      {}

// UnbindResp answers unbind.
type UnbindResp struct{}

// Command is unbind_resp.
func (*UnbindResp) Command() CommandID { return CommandUnbindResp }
func (*UnbindResp) layout(*coder)      {}

// EnquireLink asks whether the peer is alive; it has no fields (SMPP 3.4 4.11).
type EnquireLink struct{}

// Command is enquire_link.
func (*EnquireLink) Command() CommandID { return CommandEnquireLink }
func (*EnquireLink) layout(*coder)      {}

// EnquireLinkResp answers enquire_link.
type EnquireLinkResp struct{}

// Command is enquire_link_resp.
func (*EnquireLinkResp) Command() CommandID { return CommandEnquireLinkResp }
func (*EnquireLinkResp) layout(*coder)      {}

// GenericNack answers what could not be understood; everything is in its header (SMPP 3.4 4.3).
type GenericNack struct{}

// Command is generic_nack.
func (*GenericNack) Command() CommandID { return CommandGenericNack }
func (*GenericNack) layout(*coder)      {}

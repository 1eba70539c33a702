package ucp

import "strconv"

// Message is the body of the operations 51 to 58, which all have the same 33 fields (EMI/UCP 5.1). A field of one
// character is 0 when it is empty. Which fields an operation uses: EMI/UCP 5.2 to 5.9.
type Message struct {
	AdC   string // recipient; 52: the number written to; 53: the sender of the message
	OAdC  string // originator: digits, or a name (see AppendName); 53: the recipient of the message
	AC    string // authentication code of the originator
	NRq   byte   // '1': a notification is wanted
	NAdC  string // at which address; empty: that of the session
	NT    byte   // about what: '0' to '7', the sum of the Notify constants
	NPID  string // PID of NAdC
	LRq   byte   // '1': a last resort address is given
	LRAd  string // it
	LPID  string // its PID
	DD    byte   // '1': deferred delivery is wanted
	DDT   string // its time, DDMMYYHHmm
	VP    string // end of the validity, DDMMYYHHmm
	RPID  string // TP-PID as four decimal digits
	SCTS  string // time stamp of the SMSC, DDMMYYhhmmss; 53: of the message
	Dst   byte   // 53, 57: see the Status constants
	Rsn   string // 53, 57: three digits, see Reason; it means nothing if Dst says that the message was delivered
	DSCTS string // 53: when that was so, DDMMYYhhmmss
	MT    byte   // see the MT constants
	NB    string // bits of Msg with MTData; empty: eight an octet
	Msg   []byte // octets of the text or of the data, or the digits themselves with MTDigits
	MMS   byte   // more messages to send
	PR    byte   // priority
	DCs   byte   // '1': 8 bits that the user defines; XSer says it better
	MCLs  byte   // message class, '0' (flash) to '3'
	RPI   byte   // reply path: '1' wanted, '2' answered
	CPg   byte
	RPLy  byte
	OTOA  string // type of OAdC: OTOAInternational, OTOAName; empty: an abbreviated or national number
	HPLMN string
	XSer  Services // extra services
	RES4  string
	RES5  string
}

// Values of MT.
const (
	MTDigits = '2' // NMsg
	MTText   = '3' // AMsg: an octet for each character
	MTData   = '4' // TMsg
)

// Values of OTOA.
const (
	OTOAInternational = "1139" // E.164
	OTOAName          = "5039" // alphanumeric
)

// Values of NT: their sum, as a digit. The sources disagree; these are the ones that are in use.
const (
	NotifyDelivered = 1
	NotifyFailed    = 2
	NotifyBuffered  = 4
)

// Values of Dst.
const (
	StatusDelivered = '0'
	StatusBuffered  = '1'
	StatusFailed    = '2'
)

func (*Message) carries(o Operation) bool { return o.isMessage() }

func (b *Message) layout(c *coder) {
	c.text("AdC", &b.AdC, maxAddress, digits)
	c.text("OAdC", &b.OAdC, maxOriginator, address)
	c.secret("AC", &b.AC, 16)
	c.char("NRq", &b.NRq, '0', '1')
	c.text("NAdC", &b.NAdC, MaxNotification, digits)
	c.char("NT", &b.NT, '0', '7')
	c.text("NPID", &b.NPID, 4, digits)
	c.char("LRq", &b.LRq, '0', '1')
	c.text("LRAd", &b.LRAd, maxAddress, digits)
	c.text("LPID", &b.LPID, 4, digits)
	c.char("DD", &b.DD, '0', '1')
	c.text("DDT", &b.DDT, 10, digits)
	c.text("VP", &b.VP, 10, digits)
	c.text("RPID", &b.RPID, 4, digits)
	c.text("SCTS", &b.SCTS, 12, digits)
	c.char("Dst", &b.Dst, '0', '2')
	c.text("Rsn", &b.Rsn, 3, digits)
	c.text("DSCTS", &b.DSCTS, 12, digits)
	b.content(c)
	c.char("MMS", &b.MMS, '0', '9')
	c.char("PR", &b.PR, '0', '9')
	c.char("DCs", &b.DCs, '0', '1')
	c.char("MCLs", &b.MCLs, '0', '3')
	c.char("RPI", &b.RPI, '0', '2')
	c.char("CPg", &b.CPg, '0', '9')
	c.char("RPLy", &b.RPLy, '0', '9')
	c.text("OTOA", &b.OTOA, 4, digits)
	c.text("HPLMN", &b.HPLMN, maxAddress, digits)
	c.hex("XSer", (*[]byte)(&b.XSer), maxXSer, CodeSyntax)
	c.text("RES4", &b.RES4, 16, anything)
	c.text("RES5", &b.RES5, 16, anything)
}

// content is MT, NB and Msg.
func (b *Message) content(c *coder) {
	c.char("MT", &b.MT, MTDigits, MTData)
	if c.mode == modeEncode && b.MT == MTData && b.NB == "" {
		c.buf = append(strconv.AppendInt(c.buf, int64(8*len(b.Msg)), 10), '/')
	} else {
		c.text("NB", &b.NB, 4, digits)
	}
	c.message("Msg", b.MT, &b.Msg)
	if c.mode == modeDecode && b.MT == MTData {
		if b.Msg = b.Msg[:bitsToOctets(b.NB, len(b.Msg))]; len(b.Msg) == 0 {
			b.Msg = nil // as that of an empty field
		}
	}
}

// bitsToOctets gives how many of the octets there are belong to data of so many bits. A number that does not fit is
// taken for one of octets, or for nothing: some peers leave NB out or count octets.
func bitsToOctets(nb string, have int) int {
	bits, ok := number([]byte(nb))
	if want := (bits + 7) / 8; ok && nb != "" && want < have && bits != have {
		return want
	}
	return have
}

// maxXSer is the most octets of extra services that are written.
const maxXSer = 200

// SetData makes the message one of octets that are no text, or of UTF-16.
func (b *Message) SetData(octets []byte) { b.MT, b.NB, b.Msg = MTData, "", octets }

// SetText makes the message a text, whose octets an Alphabet gives.
func (b *Message) SetText(octets []byte) { b.MT, b.NB, b.Msg = MTText, "", octets }

package ucp

// CallInput is op 01: a message to a phone, or on old accounts one from a phone (EMI/UCP 4.2).
type CallInput struct {
	AdC  string // recipient: at most 16 digits
	OAdC string // originator: at most 16 digits
	OAC  string // authentication code of the originator
	MT   byte   // MTDigits or MTText; 0: empty
	Msg  []byte // the digits, or the octets of the text
}

func (b *CallInput) layout(c *coder) {
	c.text("AdC", &b.AdC, maxAddress, digits)
	c.text("OAdC", &b.OAdC, maxOriginator, address)
	c.secret("OAC", &b.OAC, 16)
	c.char("MT", &b.MT, MTDigits, MTText)
	c.message("Msg", b.MT, &b.Msg)
}

func (*CallInput) carries(o Operation) bool { return o == OpCallInput }

// MultipleInput is op 02: a message to several recipients (EMI/UCP 4.3).
type MultipleInput struct {
	Recipients []string // AdC: 1 to 200, of at most 16 digits
	OAdC       string
	OAC        string
	MT         byte
	Msg        []byte
}

func (b *MultipleInput) layout(c *coder) {
	c.addresses("NPL", "AdC", &b.Recipients)
	c.text("OAdC", &b.OAdC, maxOriginator, address)
	c.secret("OAC", &b.OAC, 16)
	c.char("MT", &b.MT, MTDigits, MTText)
	c.message("Msg", b.MT, &b.Msg)
}

func (*MultipleInput) carries(o Operation) bool { return o == OpMultipleInput }

// Supplementary is op 03: a message with supplementary services (EMI/UCP 4.4). Each wish (repetition, priority, urgency,
// reverse charging) is 0 or 1 and has a legitimisation code.
type Supplementary struct {
	AdC    string
	OAdC   string
	OAC    string
	Groups []string // GA: group addresses
	RP     byte
	LRP    string
	PR     byte
	LPR    string
	UM     byte
	LUM    string
	RC     byte
	LRC    string
	DD     byte   // '1': deferred delivery is wanted
	DDT    string // its time, DDMMYYHHmm
	MT     byte
	Msg    []byte
}

func (b *Supplementary) layout(c *coder) {
	c.text("AdC", &b.AdC, maxAddress, digits)
	c.text("OAdC", &b.OAdC, maxOriginator, address)
	c.secret("OAC", &b.OAC, 16)
	b.groups(c)
	c.char("RP", &b.RP, '0', '9')
	c.secret("LRP", &b.LRP, 16)
	c.char("PR", &b.PR, '0', '9')
	c.secret("LPR", &b.LPR, 16)
	c.char("UM", &b.UM, '0', '9')
	c.secret("LUM", &b.LUM, 16)
	c.char("RC", &b.RC, '0', '9')
	c.secret("LRC", &b.LRC, 16)
	c.char("DD", &b.DD, '0', '1')
	c.text("DDT", &b.DDT, 10, digits)
	c.char("MT", &b.MT, MTDigits, MTText)
	c.message("Msg", b.MT, &b.Msg)
}

// groups are the group addresses, of which there may be none.
func (b *Supplementary) groups(c *coder) {
	if c.mode == modeEncode && len(b.Groups) == 0 {
		c.buf = append(c.buf, '/')
		return
	}
	c.addresses("NPL", "GA", &b.Groups)
}

func (*Supplementary) carries(o Operation) bool { return o == OpSupplementary }

// Transfer is op 30: a message, always as text (EMI/UCP 4.5).
type Transfer struct {
	AdC  string
	OAdC string
	AC   string // authentication code of the originator
	NRq  byte   // '1': a notification is wanted
	NAdC string // at which address
	NPID string // PID of that address
	DD   byte   // '1': deferred delivery is wanted
	DDT  string // its time, DDMMYYHHmm
	VP   string // end of the validity, DDMMYYHHmm
	Msg  []byte // octets of the text
}

func (b *Transfer) layout(c *coder) {
	c.text("AdC", &b.AdC, maxAddress, digits)
	c.text("OAdC", &b.OAdC, maxOriginator, address)
	c.secret("AC", &b.AC, 16)
	c.char("NRq", &b.NRq, '0', '1')
	c.text("NAdC", &b.NAdC, MaxNotification, digits)
	c.text("NPID", &b.NPID, 4, digits)
	c.char("DD", &b.DD, '0', '1')
	c.text("DDT", &b.DDT, 10, digits)
	c.text("VP", &b.VP, 10, digits)
	c.message("AMsg", MTText, &b.Msg)
}

// MaxNotification is the most digits of NAdC: the length of an IPv4 address in twelve digits with its port.
const MaxNotification = 17

func (*Transfer) carries(o Operation) bool { return o == OpTransfer }

// Alert is op 31: an SMT is there. The SMSC answers with the number of messages that wait (EMI/UCP 4.6).
type Alert struct {
	AdC string
	PID string // of the address: see the PID constants
}

func (b *Alert) layout(c *coder) {
	c.text("AdC", &b.AdC, maxAddress, anything)
	c.text("PID", &b.PID, 4, digits)
}

func (*Alert) carries(o Operation) bool { return o == OpAlert }

// The PIDs of addresses: NPID, LPID, and PID of op 31.
const (
	PIDMobile      = "0100"
	PIDFax         = "0122"
	PIDX400        = "0131"
	PIDMenu        = "0138" // a menu over the telephone network
	PIDModem       = "0139" // a computer over the telephone network
	PIDX25         = "0339" // a computer over X.25
	PIDISDN        = "0439" // a computer over ISDN
	PIDTCP         = "0539" // a computer over TCP/IP
	PIDAbbreviated = "0639" // an abbreviated number
)

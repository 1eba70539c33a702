package ucp

// Login is op 60: opens a session or changes a password (EMI/UCP 6.1). It has no counterpart that closes a session: the
// connection is closed.
type Login struct {
	OAdC string // the account
	OTON byte   // '1' international, '2' national, '6' abbreviated
	ONPI byte   // '1' E.164, '3' X.121, '5' private
	STYP byte   // see the Session constants
	Pwd  string // PWD
	NPwd string // NPWD: the new password
	Vers string // VERS: always 0100
	LAdC string // of op 61: address of the list
	LTON byte
	LNPI byte
	OPID string // 00 a mobile, 39 an application
	RES1 string
}

// Values of Login.STYP.
const (
	SessionOpen               = '1'
	SessionPassword           = '3' // changes the password
	SessionProvisioning       = '4' // opens a provisioning session
	SessionProvisioningChange = '6' // changes its password
)

// Version is Login.Vers.
const Version = "0100"

func (b *Login) layout(c *coder) {
	b.head(c)
	c.text("OPID", &b.OPID, 2, digits)
	c.text("RES1", &b.RES1, 16, anything)
}

// head is what the operations 60 and 61 have in common.
func (b *Login) head(c *coder) {
	c.text("OAdC", &b.OAdC, maxAddress, anything)
	c.char("OTON", &b.OTON, '0', '9')
	c.char("ONPI", &b.ONPI, '0', '9')
	c.char("STYP", &b.STYP, '0', '9')
	c.password("PWD", &b.Pwd)
	c.password("NPWD", &b.NPwd)
	c.text("VERS", &b.Vers, 4, digits)
	c.text("LAdC", &b.LAdC, maxAddress, anything)
	c.char("LTON", &b.LTON, '0', '9')
	c.char("LNPI", &b.LNPI, '0', '9')
}

func (*Login) carries(o Operation) bool { return o == OpSession }

// List is op 61: adds an address to a list of those that may write or be written to, takes it away, or asks whether it
// is there (EMI/UCP 6.2). OPID of Login is not part of it.
type List struct {
	Login
	RES2 string
}

// Values of List.STYP.
const (
	ListAddOriginating    = '1'
	ListRemoveOriginating = '2'
	ListVerifyOriginating = '3'
	ListAddTerminating    = '4'
	ListRemoveTerminating = '5'
	ListVerifyTerminating = '6'
)

func (b *List) layout(c *coder) {
	b.head(c)
	c.text("RES1", &b.RES1, 16, anything)
	c.text("RES2", &b.RES2, 16, anything)
}

func (*List) carries(o Operation) bool { return o == OpList }

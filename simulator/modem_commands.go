package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kurir/gsm"
)

// do does one command and gives its result.
func (l *modemLine) do(text string) int {
	if text[0] != '+' && text[0] != '^' {
		return l.basic(strings.ToUpper(text))
	}
	name, args, set := strings.Cut(text, "=")
	name = strings.ToUpper(name)
	read := strings.HasSuffix(name, "?")
	name = strings.TrimSuffix(name, "?")
	if set && args == "?" {
		return l.possible(name)
	}
	if fixed, ok := l.fixed(name); ok && !set {
		l.say("%s", fixed)
		return resultOK
	}
	switch name {
	case "+CPIN":
		return l.pin(read, arguments(args))
	case "+CFUN":
		return l.restart(args)
	case "+CREG", "+CGREG", "+COPS", "+CSQ", "+CLIP", "+CRC", "+CMEE", "+CSCS", "+CBC", "+CSMS", "+CMGF", "+CMMS", "+CMER", "+CIND":
		return l.setting(name, read, args)
	}
	if result := l.locked(); result != resultOK {
		return result
	}
	return l.message(name, read, args)
}

// basic does a command of one letter. ITU-T V.250 6.
func (l *modemLine) basic(text string) int {
	switch text {
	case "E0":
		l.echo = false
	case "E", "E1":
		l.echo = true
	case "Z", "Z0", "&F", "&F0":
		l.reset()
	case "I", "I0":
		l.say("%s %s", l.m.opt.Maker, l.m.opt.Model)
	case "H", "H0", "V1", "Q0", "X4", "&C1", "&D2", "S0", "&K0", "&D0", "&C0", "&W", "X0":
	default:
		return resultError
	}
	return resultOK
}

// fixed answers what never changes.
func (l *modemLine) fixed(name string) (string, bool) {
	o := &l.m.opt
	switch name {
	case "+CGMI", "+GMI":
		return o.Maker, true
	case "+CGMM", "+GMM":
		return o.Model, true
	case "+CGMR", "+GMR":
		return "1.0", true
	case "+CGSN", "+GSN":
		return o.IMEI, true
	case "+CCID", "^ICCID":
		return name + `: "` + o.ICCID + `"`, true
	}
	return "", false
}

// arguments splits at commas; quotes are taken off.
func arguments(s string) []string {
	list := strings.Split(s, ",")
	for i := range list {
		list[i] = strings.Trim(strings.TrimSpace(list[i]), `"`)
	}
	return list
}

// possible answers a question for the values of a setting.
func (l *modemLine) possible(name string) int {
	values := map[string]string{
		"+CMEE": "(0-2)", "+CSMS": "(0-1)", "+CMGF": "(0)", "+CNMI": "(0-3),(0-2),(0),(0-2),(0-1)", "+CMGL": "(0-4)",
		"+CMGD": "", "+CMGS": "", "+CMGR": "", "+CSCS": `("GSM","IRA","UCS2")`, "+CREG": "(0-2)", "+CLIP": "(0-1)", "+CUSD": "(0-2)",
		"+CPMS": `("SM","ME","SR"),("SM","ME"),("SM","ME")`, "+CFUN": "(0,1),(0,1)", "+CMMS": "(0-2)", "+CNMA": "(0-2)",
	}
	if l.m.opt.NoChoice {
		delete(values, "+CPMS")
	} else if l.m.opt.NoReports {
		values["+CPMS"] = `("SM","ME"),("SM","ME"),("SM","ME")`
	}
	if !l.m.opt.Phase2 {
		values["+CSMS"], values["+CNMA"] = "(0)", "(0)"
	}
	v, ok := values[name]
	if !ok {
		return resultError
	}
	if v != "" {
		l.say("%s: %s", name, v)
	}
	return resultOK
}

// pin reads and opens the SIM's lock. 3GPP TS 27.007 8.3.
func (l *modemLine) pin(read bool, args []string) int {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if read {
		state := "READY"
		switch {
		case m.sim.tries == 0:
			state = "SIM PUK"
		case m.sim.locked:
			state = "SIM PIN"
		}
		l.say("+CPIN: %s", state)
		return resultOK
	}
	switch {
	case m.sim.tries == 0 && len(args) == 2 && args[0] == m.opt.PUK:
		m.opt.PIN, m.sim = args[1], simCard{tries: 3, busy: m.opt.Busy}
	case m.sim.tries == 0:
		return resultCME + 12
	case !m.sim.locked:
		return resultCME + 3
	case args[0] != m.opt.PIN:
		m.sim.tries--
		return resultCME + 16
	default:
		m.sim = simCard{tries: 3, busy: m.opt.Busy}
	}
	return resultOK
}

// locked says why the SIM cannot be used.
func (l *modemLine) locked() int {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	switch sim := &l.m.sim; {
	case sim.tries == 0:
		return 316
	case sim.locked:
		return 311
	case sim.busy > 0:
		sim.busy--
		return 314
	}
	return resultOK
}

// restart is AT+CFUN: a modem that hangs begins anew, and vanishes for that.
func (l *modemLine) restart(args string) int {
	if args != "1,1" {
		return resultOK
	}
	l.m.mu.Lock()
	l.m.hung = false
	if l.m.opt.PIN != "" && l.m.sim.tries > 0 {
		l.m.sim.locked = true
	}
	l.m.mu.Unlock()
	l.reset()
	return resultOK
}

// reset brings back the settings that a modem has when it is switched on.
func (l *modemLine) reset() {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.echo, l.errors, l.cnmi, l.phase = true, 0, [5]int{}, 0
}

// setting does what needs no SIM.
func (l *modemLine) setting(name string, read bool, args string) int {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	network, signal := m.network, m.signal
	n, _ := strconv.Atoi(arguments(args)[0])
	flag := func(v *bool) {
		if read {
			l.say("%s: %d", name, b2i(*v))
		} else {
			*v = n > 0
		}
	}
	count := func(v *int, most int) int {
		if read {
			l.say("%s: %d", name, *v)
		} else if n > most || args == "" {
			return resultError
		} else {
			*v = n
		}
		return resultOK
	}
	switch name {
	case "+CREG", "+CGREG":
		if read && l.creg == 2 { // with the cell
			l.say(`%s: 2,%d,"00AB","0000000C"`, name, network)
		} else if read {
			l.say("%s: %d,%d", name, l.creg, network)
		} else {
			l.creg = min(n, 2)
		}
	case "+COPS":
		if read && (network == 1 || network >= 5) {
			l.say(`+COPS: 0,0,"%s"`, m.opt.Operator)
		} else if read {
			l.say("+COPS: 0")
		}
	case "+CSQ":
		l.say("+CSQ: %d,99", signal)
	case "+CBC":
		l.say("+CBC: 0,100")
	case "+CSCS":
		if read {
			l.say(`+CSCS: "GSM"`)
		}
	case "+CLIP":
		flag(&l.clip)
	case "+CMEE":
		return count(&l.errors, 2)
	case "+CSMS":
		return l.phaseSetting(read, n)
	case "+CMGF":
		pdu := 0
		return count(&pdu, 0)
	}
	return resultOK
}

// phaseSetting is AT+CSMS. 3GPP TS 27.005 3.2.1.
func (l *modemLine) phaseSetting(read bool, n int) int {
	if read {
		l.say("+CSMS: %d,1,1,1", l.phase)
		return resultOK
	}
	if n > 1 || n == 1 && !l.m.opt.Phase2 {
		return 302
	}
	l.phase = n
	l.say("+CSMS: 1,1,1")
	return resultOK
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// notify is AT+CNMI. 3GPP TS 27.005 3.4.1.
func (l *modemLine) notify(read bool, args string) int {
	if read {
		c := l.cnmi
		l.say("+CNMI: %d,%d,%d,%d,%d", c[0], c[1], c[2], c[3], c[4])
		return resultOK
	}
	if allowed := l.m.opt.Notify; allowed != nil && !slices.ContainsFunc(allowed, func(s string) bool { return strings.HasPrefix(args, s) }) {
		return 303
	}
	var c [5]int
	for i, a := range arguments(args) {
		n, err := strconv.Atoi(a)
		if i > 4 || a != "" && err != nil || n > 3 {
			return 302
		}
		c[i] = n
	}
	if c[3] == 2 && l.m.opt.NoReports {
		return 303
	}
	l.m.mu.Lock()
	l.cnmi, l.m.storing = c, c[3] == 2
	l.m.mu.Unlock()
	return resultOK
}

// ussd is AT+CUSD. 3GPP TS 27.007 7.15.
func (l *modemLine) ussd(args []string) int {
	if args[0] != "1" || len(args) < 2 {
		return resultOK
	}
	code := args[1]
	if b := fromHex(code); b != nil && len(code)%2 == 0 && len(code) > 4 {
		code = strings.TrimRight(gsm.DecodeGSM7(gsm.UnpackAll(b, 0)), "\r")
	}
	text, more := l.m.opt.USSD(code)
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if !gsm.IsGSM7(text) {
		l.m.unsolicited(`+CUSD: %d,"%X",72`, b2i(more), gsm.AppendUCS2(nil, text))
	} else {
		l.m.unsolicited(`+CUSD: %d,"%s",15`, b2i(more), text)
	}
	return resultOK
}

// centreAddress is AT+CSCA.
func (l *modemLine) centreAddress(read bool, args []string) int {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if read {
		toa := 129
		if strings.HasPrefix(l.m.opt.Centre, "+") {
			toa = 145
		}
		l.say(`+CSCA: "%s",%d`, l.m.opt.Centre, toa)
		return resultOK
	}
	l.m.opt.Centre = args[0]
	return resultOK
}

// ownNumber is AT+CNUM.
func (l *modemLine) ownNumber() int {
	if n := l.m.opt.Number; n != "" {
		l.say(`+CNUM: "own","%s",%d`, n, map[bool]int{true: 145, false: 129}[n[0] == '+'])
	}
	return resultOK
}

// submitLength is AT+CMGS, which is answered by a prompt.
func (l *modemLine) submitLength(args []string) int {
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 8 || n > 176 {
		return 304
	}
	l.pdu = n
	l.out.write([]byte("\r\n> "))
	return resultNone
}

// imsi is AT+CIMI.
func (l *modemLine) imsi() int {
	l.say("%s", fmt.Sprint(l.m.opt.IMSI))
	return resultOK
}

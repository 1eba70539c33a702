package cimd2

import "strconv"

// Param is the three-digit code of a parameter, 0 to 999.
type Param uint16

// The parameters.
const (
	ParamUser                Param = 10
	ParamPassword            Param = 11
	ParamSubaddress          Param = 12
	ParamWindow              Param = 19
	ParamDestination         Param = 21
	ParamOriginator          Param = 23
	ParamOriginatorIMSI      Param = 26
	ParamAlphaOriginator     Param = 27
	ParamOriginatorMSC       Param = 28
	ParamCoding              Param = 30
	ParamHeader              Param = 32
	ParamText                Param = 33
	ParamBinary              Param = 34
	ParamMore                Param = 44
	ParamValidityRelative    Param = 50
	ParamValidityAbsolute    Param = 51
	ParamProtocol            Param = 52
	ParamFirstRelative       Param = 53
	ParamFirstAbsolute       Param = 54
	ParamReplyPath           Param = 55
	ParamReportRequest       Param = 56
	ParamCancelEnabled       Param = 58
	ParamCancelMode          Param = 59
	ParamTimestamp           Param = 60
	ParamStatus              Param = 61
	ParamStatusError         Param = 62
	ParamDischarge           Param = 63
	ParamTariff              Param = 64
	ParamService             Param = 65
	ParamCount               Param = 66
	ParamPriority            Param = 67
	ParamDeliveryRequestMode Param = 68
	ParamServiceCentre       Param = 69
	ParamGet                 Param = 500
	ParamTime                Param = 501
	ParamErrorCode           Param = 900
	ParamErrorText           Param = 901
)

// maxParam is the highest code that three digits can say.
const maxParam = 999

// Kind is what the value of a parameter is made of.
type Kind uint8

// The kinds of values.
const (
	KindUnknown Kind = iota // of a parameter that this package does not know
	KindString              // characters
	KindAddress             // digits, + and -
	KindInteger             // a decimal number
	KindHex                 // two hexadecimal digits an octet
	KindText                // characters with escapes, see ParseText
	KindTime                // yymmddhhmmss
)

// ParamInfo describes a parameter.
type ParamInfo struct {
	Name     string
	Kind     Kind
	MaxLen   int // most characters; 0: any number
	Min, Max int // of an integer
}

// params describes the parameters that are known. (Ranges: digest of the specification, section 4.)
var params = [maxParam + 1]ParamInfo{
	ParamUser:                {"user identity", KindString, 32, 0, 0},
	ParamPassword:            {"password", KindString, 32, 0, 0},
	ParamSubaddress:          {"subaddress", KindInteger, 1, 0, 9},
	ParamWindow:              {"window size", KindInteger, 3, 1, MaxWindow},
	ParamDestination:         {"destination address", KindAddress, 20, 0, 0},
	ParamOriginator:          {"originating address", KindAddress, 20, 0, 0},
	ParamOriginatorIMSI:      {"originating IMSI", KindAddress, 20, 0, 0},
	ParamAlphaOriginator:     {"alphanumeric originating address", KindString, 11, 0, 0},
	ParamOriginatorMSC:       {"originated visited MSC address", KindAddress, 20, 0, 0},
	ParamCoding:              {"data coding scheme", KindInteger, 3, 0, 255},
	ParamHeader:              {"user data header", KindHex, 280, 0, 0},
	ParamText:                {"user data", KindText, 480, 0, 0},
	ParamBinary:              {"user data binary", KindHex, 280, 0, 0},
	ParamMore:                {"more messages to send", KindInteger, 1, 0, 1},
	ParamValidityRelative:    {"validity period relative", KindInteger, 3, -1, 255},
	ParamValidityAbsolute:    {"validity period absolute", KindTime, 12, 0, 0},
	ParamProtocol:            {"protocol identifier", KindInteger, 3, 0, 255},
	ParamFirstRelative:       {"first delivery time relative", KindInteger, 3, -1, 255},
	ParamFirstAbsolute:       {"first delivery time absolute", KindTime, 12, 0, 0},
	ParamReplyPath:           {"reply path", KindInteger, 1, 0, 1},
	ParamReportRequest:       {"status report request", KindInteger, 2, 0, 63},
	ParamCancelEnabled:       {"cancel enabled", KindInteger, 1, 0, 1},
	ParamCancelMode:          {"cancel mode", KindInteger, 1, 0, 2},
	ParamTimestamp:           {"service centre timestamp", KindTime, 12, 0, 0},
	ParamStatus:              {"status code", KindInteger, 2, 0, 9},
	ParamStatusError:         {"status error code", KindInteger, 3, 0, 999},
	ParamDischarge:           {"discharge time", KindTime, 12, 0, 0},
	ParamTariff:              {"tariff class", KindInteger, 2, 0, 99},
	ParamService:             {"service description", KindInteger, 1, 0, 9},
	ParamCount:               {"message count", KindInteger, 3, 0, 999},
	ParamPriority:            {"priority", KindInteger, 1, 1, 9},
	ParamDeliveryRequestMode: {"delivery request mode", KindInteger, 1, 0, 2},
	ParamServiceCentre:       {"service centre address", KindAddress, 20, 0, 0},
	ParamGet:                 {"get parameter", KindInteger, 3, 501, 999},
	ParamTime:                {"SMSC time", KindTime, 12, 0, 0},
	ParamErrorCode:           {"error code", KindInteger, 3, 0, 999},
	ParamErrorText:           {"error text", KindString, 64, 0, 0},
}

// Info describes the parameter; the Kind of an unknown one is KindUnknown.
func (p Param) Info() ParamInfo {
	if p > maxParam {
		return ParamInfo{}
	}
	return params[p]
}

// String gives the code and the name, such as "021 destination address".
func (p Param) String() string {
	code := strconv.Itoa(int(p))
	if len(code) < 3 {
		code = "000"[len(code):] + code
	}
	if name := p.Info().Name; name != "" {
		return code + " " + name
	}
	return code
}

// fault says what is wrong with a value for the parameter, "" if nothing is. It is the one place where the table is held
// against values, both ways: lenient forgives what peers do and what does no harm, lengths of strings and hexadecimal digits.
func (i *ParamInfo) fault(value []byte, lenient bool) string {
	if i.MaxLen > 0 && len(value) > i.MaxLen && !(lenient && i.Kind != KindAddress && i.Kind != KindTime && i.Kind != KindInteger) {
		return "longer than " + strconv.Itoa(i.MaxLen) + " characters"
	}
	switch i.Kind {
	case KindInteger:
		if n, ok := parseInteger(value); !ok {
			return "not a number"
		} else if n < i.Min || n > i.Max {
			return "not from " + strconv.Itoa(i.Min) + " to " + strconv.Itoa(i.Max)
		}
	case KindAddress:
		return addressFault(value)
	case KindTime:
		if !isTime(value) {
			return "not a time of the form yymmddhhmmss"
		}
	case KindHex:
		return hexFault(value)
	case KindString, KindText, KindUnknown:
	}
	return ""
}

// addressFault says what is wrong with an address: only digits, + and - are allowed.
func addressFault(value []byte) string {
	if len(value) == 0 {
		return "empty"
	}
	for _, c := range value {
		if (c < '0' || c > '9') && c != '+' && c != '-' {
			return "has something else than digits, + and -"
		}
	}
	return ""
}

// hexFault says what is wrong with hexadecimal digits.
func hexFault(value []byte) string {
	if len(value)%2 != 0 {
		return "has an odd number of hexadecimal digits"
	}
	for _, c := range value {
		if hexValue(c) > 15 {
			return "has something else than hexadecimal digits"
		}
	}
	return ""
}

// parseInteger reads a decimal number of at most four characters.
func parseInteger(b []byte) (n int, ok bool) {
	negative := len(b) > 1 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// hexValue gives the value of a hexadecimal digit, 0xFF if it is none.
func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xFF
}

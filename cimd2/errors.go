package cimd2

import "strconv"

// ErrorCode is the value of parameter 900. It is an error, so that a refusal can be returned as one.
type ErrorCode uint16

// The error codes.
const (
	NoError                   ErrorCode = 0
	ErrUnexpectedOperation    ErrorCode = 1
	ErrSyntax                 ErrorCode = 2
	ErrUnsupportedParameter   ErrorCode = 3
	ErrConnectionLost         ErrorCode = 4
	ErrNoResponse             ErrorCode = 5
	ErrSystem                 ErrorCode = 6
	ErrNotFound               ErrorCode = 7
	ErrFormat                 ErrorCode = 8
	ErrFailed                 ErrorCode = 9
	ErrCongestion             ErrorCode = 10
	ErrLogin                  ErrorCode = 100
	ErrAccessType             ErrorCode = 101
	ErrTooManyUsers           ErrorCode = 102
	ErrLoginRefused           ErrorCode = 103
	ErrWindowSize             ErrorCode = 104
	ErrWindowDisabled         ErrorCode = 105
	ErrBarring                ErrorCode = 106
	ErrSubaddress             ErrorCode = 107
	ErrAlias                  ErrorCode = 108
	ErrDestination            ErrorCode = 300
	ErrDestinationCount       ErrorCode = 301
	ErrUserData               ErrorCode = 302
	ErrUserDataCombination    ErrorCode = 303
	ErrCoding                 ErrorCode = 304
	ErrValidity               ErrorCode = 305
	ErrOriginator             ErrorCode = 306
	ErrProtocol               ErrorCode = 307
	ErrFirstDelivery          ErrorCode = 308
	ErrReplyPath              ErrorCode = 309
	ErrReportRequest          ErrorCode = 310
	ErrCancelEnabled          ErrorCode = 311
	ErrPriority               ErrorCode = 312
	ErrTariff                 ErrorCode = 313
	ErrService                ErrorCode = 314
	ErrTransport              ErrorCode = 315
	ErrMessageType            ErrorCode = 316
	ErrMore                   ErrorCode = 318
	ErrTimer                  ErrorCode = 319
	ErrDialogue               ErrorCode = 320
	ErrAlphaOriginator        ErrorCode = 321
	ErrAlphaOriginatorData    ErrorCode = 322
	ErrEnquireAddress         ErrorCode = 400
	ErrEnquireTimestamp       ErrorCode = 401
	ErrRequestTimestamp       ErrorCode = 500
	ErrRequestMode            ErrorCode = 501
	ErrRequestCombination     ErrorCode = 502
	ErrCancelTimestamp        ErrorCode = 600
	ErrCancelAddress          ErrorCode = 601
	ErrCancelMode             ErrorCode = 602
	ErrCancelCombination      ErrorCode = 603
	ErrPasswordChange         ErrorCode = 800
	ErrPasswordChangeDisabled ErrorCode = 801
	ErrUnsupportedItem        ErrorCode = 900
)

// errorTexts gives the meaning of each error code, as a response tells it in parameter 901: at most 64 characters.
var errorTexts = map[ErrorCode]string{
	NoError:                   "No error",
	ErrUnexpectedOperation:    "Unexpected operation",
	ErrSyntax:                 "Syntax error",
	ErrUnsupportedParameter:   "Unsupported parameter error",
	ErrConnectionLost:         "Connection to SMS Center lost",
	ErrNoResponse:             "No response from SMS Center",
	ErrSystem:                 "General system error",
	ErrNotFound:               "Cannot find information",
	ErrFormat:                 "Parameter formatting error",
	ErrFailed:                 "Requested operation failed",
	ErrCongestion:             "Temporary congestion error",
	ErrLogin:                  "Invalid login",
	ErrAccessType:             "Incorrect access type",
	ErrTooManyUsers:           "Too many users with this login id",
	ErrLoginRefused:           "Login refused by SMS Center",
	ErrWindowSize:             "Invalid window size",
	ErrWindowDisabled:         "Windowing disabled",
	ErrBarring:                "Virtual SMS Center-based barring",
	ErrSubaddress:             "Invalid subaddr",
	ErrAlias:                  "Alias account, login refused",
	ErrDestination:            "Incorrect destination address",
	ErrDestinationCount:       "Incorrect number of destination addresses",
	ErrUserData:               "Syntax error in user data parameter",
	ErrUserDataCombination:    "Incorrect bin/head/normal user data parameter combination",
	ErrCoding:                 "Incorrect dcs parameter usage",
	ErrValidity:               "Incorrect validity period parameters usage",
	ErrOriginator:             "Incorrect originator address usage",
	ErrProtocol:               "Incorrect PID parameter usage",
	ErrFirstDelivery:          "Incorrect first delivery parameter usage",
	ErrReplyPath:              "Incorrect reply path usage",
	ErrReportRequest:          "Incorrect status report request parameter usage",
	ErrCancelEnabled:          "Incorrect cancel enabled parameter usage",
	ErrPriority:               "Incorrect priority parameter usage",
	ErrTariff:                 "Incorrect tariff class parameter usage",
	ErrService:                "Incorrect service description parameter usage",
	ErrTransport:              "Incorrect transport type parameter usage",
	ErrMessageType:            "Incorrect message type parameter usage",
	ErrMore:                   "Incorrect MMs parameter usage",
	ErrTimer:                  "Incorrect operation timer parameter usage",
	ErrDialogue:               "Incorrect dialogue ID parameter usage",
	ErrAlphaOriginator:        "Incorrect alpha originator address usage",
	ErrAlphaOriginatorData:    "Invalid data for alpha numeric originator",
	ErrEnquireAddress:         "Incorrect address parameter usage",
	ErrEnquireTimestamp:       "Incorrect scts parameter usage",
	ErrRequestTimestamp:       "Incorrect scts parameter usage",
	ErrRequestMode:            "Incorrect mode parameter usage",
	ErrRequestCombination:     "Incorrect parameter combination",
	ErrCancelTimestamp:        "Incorrect scts parameter usage",
	ErrCancelAddress:          "Incorrect address parameter usage",
	ErrCancelMode:             "Incorrect mode parameter usage",
	ErrCancelCombination:      "Incorrect parameter combination",
	ErrPasswordChange:         "Changing password failed",
	ErrPasswordChangeDisabled: "Changing password not allowed",
	ErrUnsupportedItem:        "Unsupported item requested",
}

// Text gives the meaning alone, "Unknown error" for a code that is not in the list.
func (c ErrorCode) Text() string {
	if s, ok := errorTexts[c]; ok {
		return s
	}
	return "Unknown error"
}

// String gives the code and its meaning, such as "300 Incorrect destination address".
func (c ErrorCode) String() string { return strconv.Itoa(int(c)) + " " + c.Text() }

// Error is String.
func (c ErrorCode) Error() string { return c.String() }

// Temporary reports whether the same request may succeed later: after a lost connection inside the SMSC, no response of
// it, a system error, a failed operation, congestion, or when too many are logged in.
func (c ErrorCode) Temporary() bool {
	switch c {
	case ErrConnectionLost, ErrNoResponse, ErrSystem, ErrFailed, ErrCongestion, ErrTooManyUsers:
		return true
	}
	return false
}

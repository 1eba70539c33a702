package smpp

import (
	"fmt"
	"strconv"
)

// Status is a command_status (SMPP 3.4 5.1.3). It is an error, so that a refusal can be returned as one.
type Status uint32

// The command_status values, under the specification's own names. Those from 0x100 came with SMPP 5.0; 5.0 also
// renamed the five of 0xC0 (RINVTLVSTREAM and so on). 0x400 to 0x4FF are the operator's own.
const (
	ESME_ROK                 Status = 0x00000000 // no error
	ESME_RINVMSGLEN          Status = 0x00000001 // message length is invalid
	ESME_RINVCMDLEN          Status = 0x00000002 // command length is invalid
	ESME_RINVCMDID           Status = 0x00000003 // invalid command id
	ESME_RINVBNDSTS          Status = 0x00000004 // incorrect bind status for the command
	ESME_RALYBND             Status = 0x00000005 // already bound
	ESME_RINVPRTFLG          Status = 0x00000006 // invalid priority flag
	ESME_RINVREGDLVFLG       Status = 0x00000007 // invalid registered delivery flag
	ESME_RSYSERR             Status = 0x00000008 // system error
	ESME_RINVSRCADR          Status = 0x0000000A // invalid source address
	ESME_RINVDSTADR          Status = 0x0000000B // invalid destination address
	ESME_RINVMSGID           Status = 0x0000000C // message id is invalid
	ESME_RBINDFAIL           Status = 0x0000000D // bind failed
	ESME_RINVPASWD           Status = 0x0000000E // invalid password
	ESME_RINVSYSID           Status = 0x0000000F // invalid system id
	ESME_RCANCELFAIL         Status = 0x00000011 // cancel_sm failed
	ESME_RREPLACEFAIL        Status = 0x00000013 // replace_sm failed
	ESME_RMSGQFUL            Status = 0x00000014 // message queue full
	ESME_RINVSERTYP          Status = 0x00000015 // invalid service type
	ESME_RINVNUMDESTS        Status = 0x00000033 // invalid number of destinations
	ESME_RINVDLNAME          Status = 0x00000034 // invalid distribution list name
	ESME_RINVDESTFLAG        Status = 0x00000040 // invalid destination flag
	ESME_RINVSUBREP          Status = 0x00000042 // invalid submit with replace request
	ESME_RINVESMCLASS        Status = 0x00000043 // invalid esm_class
	ESME_RCNTSUBDL           Status = 0x00000044 // cannot submit to a distribution list
	ESME_RSUBMITFAIL         Status = 0x00000045 // submit failed
	ESME_RINVSRCTON          Status = 0x00000048 // invalid source type of number
	ESME_RINVSRCNPI          Status = 0x00000049 // invalid source numbering plan
	ESME_RINVDSTTON          Status = 0x00000050 // invalid destination type of number
	ESME_RINVDSTNPI          Status = 0x00000051 // invalid destination numbering plan
	ESME_RINVSYSTYP          Status = 0x00000053 // invalid system type
	ESME_RINVREPFLAG         Status = 0x00000054 // invalid replace_if_present flag
	ESME_RINVNUMMSGS         Status = 0x00000055 // invalid number of messages
	ESME_RTHROTTLED          Status = 0x00000058 // throttled: the permitted rate was exceeded
	ESME_RINVSCHED           Status = 0x00000061 // invalid scheduled delivery time
	ESME_RINVEXPIRY          Status = 0x00000062 // invalid validity period
	ESME_RINVDFTMSGID        Status = 0x00000063 // predefined message is invalid or not found
	ESME_RX_T_APPN           Status = 0x00000064 // temporary error of the receiving application
	ESME_RX_P_APPN           Status = 0x00000065 // permanent error of the receiving application
	ESME_RX_R_APPN           Status = 0x00000066 // rejected by the receiving application
	ESME_RQUERYFAIL          Status = 0x00000067 // query_sm failed
	ESME_RINVOPTPARSTREAM    Status = 0x000000C0 // error in the optional part of the PDU
	ESME_ROPTPARNOTALLWD     Status = 0x000000C1 // optional parameter not allowed
	ESME_RINVPARLEN          Status = 0x000000C2 // invalid length of an optional parameter
	ESME_RMISSINGOPTPARAM    Status = 0x000000C3 // expected optional parameter is missing
	ESME_RINVOPTPARAMVAL     Status = 0x000000C4 // invalid value of an optional parameter
	ESME_RDELIVERYFAILURE    Status = 0x000000FE // delivery failure
	ESME_RUNKNOWNERR         Status = 0x000000FF // unknown error
	ESME_RSERTYPUNAUTH       Status = 0x00000100 // not authorised for the service type
	ESME_RPROHIBITED         Status = 0x00000101 // not authorised for the operation
	ESME_RSERTYPUNAVAIL      Status = 0x00000102 // service type is unavailable
	ESME_RSERTYPDENIED       Status = 0x00000103 // service type is denied
	ESME_RINVDCS             Status = 0x00000104 // invalid data coding
	ESME_RINVSRCADDRSUBUNIT  Status = 0x00000105 // invalid source address subunit
	ESME_RINVDSTADDRSUBUNIT  Status = 0x00000106 // invalid destination address subunit
	ESME_RINVBCASTFREQINT    Status = 0x00000107 // invalid broadcast frequency interval
	ESME_RINVBCASTALIAS_NAME Status = 0x00000108 // invalid broadcast alias name
	ESME_RINVBCASTAREAFMT    Status = 0x00000109 // invalid broadcast area format
	ESME_RINVNUMBCAST_AREAS  Status = 0x0000010A // invalid number of broadcast areas
	ESME_RINVBCASTCNTTYPE    Status = 0x0000010B // invalid broadcast content type
	ESME_RINVBCASTMSGCLASS   Status = 0x0000010C // invalid broadcast message class
	ESME_RBCASTFAIL          Status = 0x0000010D // broadcast_sm failed
	ESME_RBCASTQUERYFAIL     Status = 0x0000010E // query_broadcast_sm failed
	ESME_RBCASTCANCELFAIL    Status = 0x0000010F // cancel_broadcast_sm failed
	ESME_RINVBCAST_REP       Status = 0x00000110 // invalid number of broadcast repetitions
	ESME_RINVBCASTSRVGRP     Status = 0x00000111 // invalid broadcast service group
	ESME_RINVBCASTCHANIND    Status = 0x00000112 // invalid broadcast channel indicator
)

// statusTexts gives name and meaning of each known status.
var statusTexts = map[Status][2]string{
	ESME_ROK:                 {"ESME_ROK", "no error"},
	ESME_RINVMSGLEN:          {"ESME_RINVMSGLEN", "message length is invalid"},
	ESME_RINVCMDLEN:          {"ESME_RINVCMDLEN", "command length is invalid"},
	ESME_RINVCMDID:           {"ESME_RINVCMDID", "invalid command id"},
	ESME_RINVBNDSTS:          {"ESME_RINVBNDSTS", "incorrect bind status for the command"},
	ESME_RALYBND:             {"ESME_RALYBND", "already bound"},
	ESME_RINVPRTFLG:          {"ESME_RINVPRTFLG", "invalid priority flag"},
	ESME_RINVREGDLVFLG:       {"ESME_RINVREGDLVFLG", "invalid registered delivery flag"},
	ESME_RSYSERR:             {"ESME_RSYSERR", "system error"},
	ESME_RINVSRCADR:          {"ESME_RINVSRCADR", "invalid source address"},
	ESME_RINVDSTADR:          {"ESME_RINVDSTADR", "invalid destination address"},
	ESME_RINVMSGID:           {"ESME_RINVMSGID", "message id is invalid"},
	ESME_RBINDFAIL:           {"ESME_RBINDFAIL", "bind failed"},
	ESME_RINVPASWD:           {"ESME_RINVPASWD", "invalid password"},
	ESME_RINVSYSID:           {"ESME_RINVSYSID", "invalid system id"},
	ESME_RCANCELFAIL:         {"ESME_RCANCELFAIL", "cancel_sm failed"},
	ESME_RREPLACEFAIL:        {"ESME_RREPLACEFAIL", "replace_sm failed"},
	ESME_RMSGQFUL:            {"ESME_RMSGQFUL", "message queue full"},
	ESME_RINVSERTYP:          {"ESME_RINVSERTYP", "invalid service type"},
	ESME_RINVNUMDESTS:        {"ESME_RINVNUMDESTS", "invalid number of destinations"},
	ESME_RINVDLNAME:          {"ESME_RINVDLNAME", "invalid distribution list name"},
	ESME_RINVDESTFLAG:        {"ESME_RINVDESTFLAG", "invalid destination flag"},
	ESME_RINVSUBREP:          {"ESME_RINVSUBREP", "invalid submit with replace request"},
	ESME_RINVESMCLASS:        {"ESME_RINVESMCLASS", "invalid esm_class"},
	ESME_RCNTSUBDL:           {"ESME_RCNTSUBDL", "cannot submit to a distribution list"},
	ESME_RSUBMITFAIL:         {"ESME_RSUBMITFAIL", "submit failed"},
	ESME_RINVSRCTON:          {"ESME_RINVSRCTON", "invalid source type of number"},
	ESME_RINVSRCNPI:          {"ESME_RINVSRCNPI", "invalid source numbering plan"},
	ESME_RINVDSTTON:          {"ESME_RINVDSTTON", "invalid destination type of number"},
	ESME_RINVDSTNPI:          {"ESME_RINVDSTNPI", "invalid destination numbering plan"},
	ESME_RINVSYSTYP:          {"ESME_RINVSYSTYP", "invalid system type"},
	ESME_RINVREPFLAG:         {"ESME_RINVREPFLAG", "invalid replace_if_present flag"},
	ESME_RINVNUMMSGS:         {"ESME_RINVNUMMSGS", "invalid number of messages"},
	ESME_RTHROTTLED:          {"ESME_RTHROTTLED", "throttled: the permitted rate was exceeded"},
	ESME_RINVSCHED:           {"ESME_RINVSCHED", "invalid scheduled delivery time"},
	ESME_RINVEXPIRY:          {"ESME_RINVEXPIRY", "invalid validity period"},
	ESME_RINVDFTMSGID:        {"ESME_RINVDFTMSGID", "predefined message is invalid or not found"},
	ESME_RX_T_APPN:           {"ESME_RX_T_APPN", "temporary error of the receiving application"},
	ESME_RX_P_APPN:           {"ESME_RX_P_APPN", "permanent error of the receiving application"},
	ESME_RX_R_APPN:           {"ESME_RX_R_APPN", "rejected by the receiving application"},
	ESME_RQUERYFAIL:          {"ESME_RQUERYFAIL", "query_sm failed"},
	ESME_RINVOPTPARSTREAM:    {"ESME_RINVOPTPARSTREAM", "error in the optional part of the PDU"},
	ESME_ROPTPARNOTALLWD:     {"ESME_ROPTPARNOTALLWD", "optional parameter not allowed"},
	ESME_RINVPARLEN:          {"ESME_RINVPARLEN", "invalid length of an optional parameter"},
	ESME_RMISSINGOPTPARAM:    {"ESME_RMISSINGOPTPARAM", "expected optional parameter is missing"},
	ESME_RINVOPTPARAMVAL:     {"ESME_RINVOPTPARAMVAL", "invalid value of an optional parameter"},
	ESME_RDELIVERYFAILURE:    {"ESME_RDELIVERYFAILURE", "delivery failure"},
	ESME_RUNKNOWNERR:         {"ESME_RUNKNOWNERR", "unknown error"},
	ESME_RSERTYPUNAUTH:       {"ESME_RSERTYPUNAUTH", "not authorised for the service type"},
	ESME_RPROHIBITED:         {"ESME_RPROHIBITED", "not authorised for the operation"},
	ESME_RSERTYPUNAVAIL:      {"ESME_RSERTYPUNAVAIL", "service type is unavailable"},
	ESME_RSERTYPDENIED:       {"ESME_RSERTYPDENIED", "service type is denied"},
	ESME_RINVDCS:             {"ESME_RINVDCS", "invalid data coding"},
	ESME_RINVSRCADDRSUBUNIT:  {"ESME_RINVSRCADDRSUBUNIT", "invalid source address subunit"},
	ESME_RINVDSTADDRSUBUNIT:  {"ESME_RINVDSTADDRSUBUNIT", "invalid destination address subunit"},
	ESME_RINVBCASTFREQINT:    {"ESME_RINVBCASTFREQINT", "invalid broadcast frequency interval"},
	ESME_RINVBCASTALIAS_NAME: {"ESME_RINVBCASTALIAS_NAME", "invalid broadcast alias name"},
	ESME_RINVBCASTAREAFMT:    {"ESME_RINVBCASTAREAFMT", "invalid broadcast area format"},
	ESME_RINVNUMBCAST_AREAS:  {"ESME_RINVNUMBCAST_AREAS", "invalid number of broadcast areas"},
	ESME_RINVBCASTCNTTYPE:    {"ESME_RINVBCASTCNTTYPE", "invalid broadcast content type"},
	ESME_RINVBCASTMSGCLASS:   {"ESME_RINVBCASTMSGCLASS", "invalid broadcast message class"},
	ESME_RBCASTFAIL:          {"ESME_RBCASTFAIL", "broadcast_sm failed"},
	ESME_RBCASTQUERYFAIL:     {"ESME_RBCASTQUERYFAIL", "query_broadcast_sm failed"},
	ESME_RBCASTCANCELFAIL:    {"ESME_RBCASTCANCELFAIL", "cancel_broadcast_sm failed"},
	ESME_RINVBCAST_REP:       {"ESME_RINVBCAST_REP", "invalid number of broadcast repetitions"},
	ESME_RINVBCASTSRVGRP:     {"ESME_RINVBCASTSRVGRP", "invalid broadcast service group"},
	ESME_RINVBCASTCHANIND:    {"ESME_RINVBCASTCHANIND", "invalid broadcast channel indicator"},
}

// String gives the specification's name, or "status 0x00000401" for one that has none.
func (s Status) String() string {
	if t, ok := statusTexts[s]; ok {
		return t[0]
	}
	return fmt.Sprintf("status 0x%08X", uint32(s))
}

// Error gives name and meaning.
func (s Status) Error() string {
	if t, ok := statusTexts[s]; ok {
		return t[0] + ": " + t[1]
	}
	return s.String()
}

// ParseStatus reads a status: the specification's name, or a number, decimal or with 0x.
func ParseStatus(text string) (Status, error) {
	for s, t := range statusTexts {
		if t[0] == text {
			return s, nil
		}
	}
	n, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no command_status; write its name, such as ESME_RTHROTTLED, or its number, such as 0x58", text)
	}
	return Status(n), nil
}

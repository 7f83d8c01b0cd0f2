/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One for each kind of record, random once and fixed for ever: people filter by them, and src/act/memstalld.catalog
 * explains them. A kind that changes its meaning gets a new one. */
#define MESSAGE_ID_DECISION "56e17b43c53f4aebaaaba2c5b0aa4824"
#define MESSAGE_ID_OUTCOME "b1acd6814e37488dbf4d9607bf17f020"
#define MESSAGE_ID_FAILED "bf96022d1b9247cd9b11ca3dcb159762" /* an outcome or a release that is none */
#define MESSAGE_ID_SETTLED "0fc3e712531c4bbebb80b02809b891cd"
#define MESSAGE_ID_RELEASE "6465b973496a4937bd244b7ff8a0125a"
#define MESSAGE_ID_CULPRIT "15e77ddd436a4bc19af086a3a921eccc"
#define MESSAGE_ID_REFUSED "201a5de31b1b475e95bc5f65d26407cf"
#define MESSAGE_ID_BLIND "358a36de5355452182529cb7d8739317"
#define MESSAGE_ID_START "f971383166f2410092e14af39b6416ea"
#define MESSAGE_ID_RELOAD "9e8b0080e3464288bd82a21bb0f14bad"
#define MESSAGE_ID_STOP "f39abfc6dbd1464bbd614a2f31362a29"
#define MESSAGE_ID_CONFIG "213dfd66710d48359d150037a8973684"
#define MESSAGE_ID_EXPIRED "25871c18ccdd44d7bd57c9c94b199491"
#define MESSAGE_ID_KILLED "d0e82c457c7e424ea3ef5e773e87cd28"
#define MESSAGE_ID_NOTICE "91585059359f4149ad039c6e1370ccaa"
#define MESSAGE_ID_LOST "c8ee5ef7564a45d59d3b2e482e871fe6"

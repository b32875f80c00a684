package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import org.homeround.core.HomeroundException
import org.homeround.core.SessionState
import org.homeround.core.Unlock
import org.homeround.core.VisitId
import org.homeround.kit.Homeround
import org.homeround.kit.SurveyDesk

/** The phone in a patient's hands: the survey of which visit, and the language that it begins in. */
data class Loan(val desk: SurveyDesk, val visit: VisitId, val language: String)

/** What the lock screen shows. */
data class LockState(
    val session: SessionState? = null,
    val pin: String = "",
    /** Whether the biometric sensor opens this phone. */
    val sensor: Boolean = false,
    /** What a phone that is lent asks; none: it is not lent, or whoever draws it came up after it was. */
    val loan: Loan? = null,
    /** The visit to go on with, once a phone that was lent is back. */
    val resume: VisitId? = null,
    val busy: Boolean = false,
    val problem: Problem? = null,
) {
    /** What a person is asked for. */
    val title: Words get() = Words(
        when (session) {
            SessionState.NEW -> "lock_choose_pin"
            SessionState.NOT_ENROLLED -> "lock_sign_in"
            SessionState.LENT -> "lock_lent"
            else -> "lock_unlock"
        },
    )

    /** What stands below the title. */
    val hint: Words get() = Words(
        when (session) {
            SessionState.NEW -> "lock_choose_pin_hint"
            SessionState.NOT_ENROLLED -> "lock_sign_in_hint"
            SessionState.LENT -> "lock_lent_hint"
            else -> "lock_unlock_hint"
        },
    )

    /** Whether digits are asked for. */
    val asksPin: Boolean get() = session == SessionState.NEW || shut

    /** Whether the sensor can be used in place of the digits. */
    val offersSensor: Boolean get() = shut && sensor && !busy

    private val shut: Boolean get() = session == SessionState.LOCKED || session == SessionState.LENT

    /** Whether going on makes sense. */
    val ready: Boolean get() = !busy && (!asksPin || pin.length >= 6)
}

/** Choosing a PIN, unlocking, enrolling, and a phone that is lent. */
class LockModel(private val phone: Homeround, scope: CoroutineScope) : Model<LockState>(scope, LockState()) {
    init {
        act { look() }
    }

    override fun failed(state: LockState, problem: Problem?) = state.copy(problem = problem, busy = false)

    fun digit(digit: Int) = change { if (it.pin.length < 64) it.copy(pin = it.pin + digit, problem = null) else it }

    fun erase() = change { it.copy(pin = it.pin.dropLast(1)) }

    fun proceed() = busily {
        val now = state.value
        when (now.session) {
            SessionState.NEW -> phone.session.create(now.pin)
            SessionState.NOT_ENROLLED -> {
                phone.session.enrol()
                phone.sync.now()
            }
            else -> phone.session.unlock(Unlock.Pin(now.pin))
        }
    }

    /** Unlocks by the biometric sensor. Who turns it down is where they were. */
    fun bySensor() = busily {
        try {
            phone.session.unlock(Unlock.Biometric)
        } catch (_: HomeroundException.Cancelled) {
            return@busily
        }
    }

    /** Looks again where the phone stands: after it was locked, or came back to the front. */
    fun lookAgain() = act { look() }

    /** From here on the phone is the patient's, until it is unlocked. */
    fun lend(loan: Loan) {
        change { it.copy(session = SessionState.LENT, loan = loan, pin = "", problem = null) }
        lookAgain()
    }

    private fun busily(work: suspend () -> Unit) = act {
        change { it.copy(busy = true) }
        try {
            work()
        } finally {
            change { it.copy(pin = "", busy = false) }
            // Even after a failure: a sensor whose key is void is offered no more.
            look()
        }
    }

    private suspend fun look() {
        val session = phone.session.state()
        val sensor = phone.session.hasBiometric()
        change {
            it.copy(
                session = session, sensor = sensor, loan = it.loan.takeIf { session == SessionState.LENT },
                resume = if (session == SessionState.READY) it.loan?.visit ?: it.resume else null,
            )
        }
    }
}

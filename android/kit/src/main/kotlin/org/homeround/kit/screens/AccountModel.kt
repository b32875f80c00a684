package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import org.homeround.core.SyncState
import org.homeround.core.Unlock
import org.homeround.kit.Homeround

/** What the account's screen shows. */
data class AccountState(
    val name: String = "",
    val role: Words? = null,
    val unsent: Int = 0,
    /** Whether this device has a biometric sensor. */
    val sensor: Boolean = false,
    /** Whether the sensor opens this phone. */
    val sensorOn: Boolean = false,
    /** Of how many days up to today [numbers] are. */
    val numbersDays: Int = WEEK_DAYS,
    /** What one's own visits came to, a line each. */
    val numbers: List<Words> = emptyList(),
    val done: Words? = null,
    val busy: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
) {
    /** Whether signing out would be refused: what nobody else has stays. */
    val holdsWork: Boolean get() = unsent > 0
}

/** One's own numbers are of so many days, or of four times as many. */
const val WEEK_DAYS: Int = 7

/** Who works on this phone: one's own numbers, changing the PIN, locking, signing out. [left]: the phone is locked or wiped by now. */
class AccountModel(
    private val phone: Homeround,
    scope: CoroutineScope,
    sensor: Boolean = false,
    private val left: () -> Unit,
) : Model<AccountState>(scope, AccountState(sensor = sensor)) {
    private var numbers: Job? = null

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.sync.health) { state, health -> state.copy(unsent = (health.unsent + health.attachmentsUnsent).toInt()) }
        act {
            val me = phone.session.me() ?: return@act
            val sensorOn = phone.session.hasBiometric()
            change { it.copy(name = me.name, role = words(me.role), sensorOn = sensorOn) }
        }
        showNumbers(WEEK_DAYS)
    }

    override fun failed(state: AccountState, problem: Problem?) = state.copy(problem = problem, done = null, busy = false)

    /** One's own numbers of so many days up to today. */
    fun showNumbers(days: Int) = act {
        val today = phone.today()
        numbers?.cancel()
        numbers = follow(phone.myNumbers(today.minusDays(days - 1L), today)) { state, mine ->
            state.copy(numbersDays = days, numbers = numberWords(mine))
        }
    }

    /** Changes the PIN. Who forgot the [old] one leaves it empty and is asked at the sensor. */
    fun changePin(old: String, new: String) = act {
        change { it.copy(busy = true) }
        val proof = if (old.isEmpty() && state.value.sensorOn) Unlock.Biometric else Unlock.Pin(old)
        phone.session.changePin(proof, new)
        change { it.copy(busy = false, done = Words("account_pin_changed")) }
    }

    /** Lets the biometric sensor unlock this phone, or no longer. */
    fun useSensor(on: Boolean, pin: String) = act {
        change { it.copy(busy = true) }
        phone.session.setBiometric(on, pin)
        change { it.copy(busy = false, sensorOn = on, done = Words(if (on) "account_sensor_is_on" else "account_sensor_is_off")) }
    }

    fun lock() = act {
        phone.session.lock()
        left()
    }

    /** Sends what is left, then wipes the phone for good. Refused while something is unsent. */
    fun signOut() = act {
        change { it.copy(busy = true) }
        phone.sync.now()
        phone.session.signOut()
        left()
    }
}

package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import org.homeround.core.SyncState
import org.homeround.kit.Homeround

/** What the account's screen shows. */
data class AccountState(
    val name: String = "",
    val role: Words? = null,
    val unsent: Int = 0,
    val done: Words? = null,
    val busy: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
) {
    /** Whether signing out would be refused: what nobody else has stays. */
    val holdsWork: Boolean get() = unsent > 0
}

/** Who works on this phone: changing the PIN, locking, signing out. [left]: the phone is locked or wiped by now. */
class AccountModel(private val phone: Homeround, scope: CoroutineScope, private val left: () -> Unit) :
    Model<AccountState>(scope, AccountState()) {
    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.sync.health) { state, health -> state.copy(unsent = (health.unsent + health.attachmentsUnsent).toInt()) }
        act {
            val me = phone.session.me() ?: return@act
            change { it.copy(name = me.name, role = words(me.role)) }
        }
    }

    override fun failed(state: AccountState, problem: Problem?) = state.copy(problem = problem, done = null, busy = false)

    fun changePin(old: String, new: String) = act {
        change { it.copy(busy = true) }
        phone.session.changePin(old, new)
        change { it.copy(busy = false, done = Words("account_pin_changed")) }
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

package org.homeround.kit

import org.homeround.core.Escrow
import org.homeround.core.EscrowReceipt
import org.homeround.core.Me
import org.homeround.core.Recovery
import org.homeround.core.SessionState
import org.homeround.core.Unlock
import org.homeround.core.Session as Core

/** PIN, enrolment, locking, signing out. */
class Session internal constructor(private val core: Core, private val worker: Worker) {
    /** What a person has to do before work can go on. */
    suspend fun state(): SessionState = worker.run { core.state() }

    /** Makes the keys and the encrypted store of a new phone and leaves it unlocked. */
    suspend fun create(pin: String, biometric: Boolean = false): Unit = worker.run { core.create(pin, biometric) }

    /** Unlocks, by PIN or by the biometric sensor. */
    suspend fun unlock(with: Unlock): Unit = worker.run { core.unlock(with) }

    /** Forgets the keys and closes the store. What is unsent stays, encrypted. */
    suspend fun lock(): Unit = worker.run { core.lock() }

    /** Who works on this phone; none until it is enrolled. */
    suspend fun me(): Me? = worker.run { core.me() }

    /** Enrols this device for the person of the access token. Asking again changes nothing. */
    suspend fun enrol(): Me = core.enrol()

    /** Changes the PIN, proven by the old one or, for who forgot it, by the biometric sensor. */
    suspend fun changePin(proof: Unlock, new: String): Unit = worker.run { core.changePin(proof, new) }

    /** Whether the biometric sensor unlocks this phone. Known while locked. */
    suspend fun hasBiometric(): Boolean = worker.run { core.hasBiometric() }

    /** Lets the biometric sensor unlock this phone, or no longer. Needs the PIN once more. */
    suspend fun setBiometric(on: Boolean, pin: String): Unit = worker.run { core.setBiometric(on, pin) }

    /** Before the platform suspends the app. */
    suspend fun settleDown(): Unit = worker.run { core.settleDown() }

    /** Seals everything unsent to the organisation. It stays unsent here. */
    suspend fun escrow(): Escrow = worker.run { core.escrow() }

    /** Wipes the phone for good. Refused while work is unsent that nobody else has. */
    suspend fun signOut(escrowed: EscrowReceipt? = null): Unit = worker.run { core.signOut(escrowed) }

    /** After `Damaged`: sets the damaged store aside and takes what is unsent into a fresh one. */
    suspend fun recover(with: Unlock): Recovery = worker.run { core.recover(with) }
}

package org.homeround.app

import android.app.Application
import org.homeround.kit.Homeround
import org.homeround.kit.android.HasHomeround

/** Holds the one phone of the process, once the activity has opened it. */
class HomeroundApplication : Application(), HasHomeround {
    @Volatile
    override var homeround: Homeround? = null
}
